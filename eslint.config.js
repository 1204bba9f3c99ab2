import tseslint from "typescript-eslint";

export default tseslint.config(
  {
    ignores: [
      "dist/",
      "node_modules/",
      ".cache/",
      ".prism/",
      "src/protocol/gen/",
      "bench/results/",
      "**/*.py",
    ],
  },
  {
    files: ["**/*.ts"],
    extends: [...tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowNumber: true, allowBoolean: true },
      ],
      // A namespace of constants reads better than an enum, and oclif's commands are classes of statics.
      "@typescript-eslint/no-extraneous-class": "off",
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
      "@typescript-eslint/no-confusing-void-expression": [
        "error",
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      eqeqeq: ["error", "always"],
      "no-console": "error",
    },
  },
  { files: ["**/*.js"], extends: [tseslint.configs.base] },
  {
    files: ["**/*.ts", "**/*.js"],
    rules: {
      // Both may be collected while somebody waits, and then never fire.
      "no-restricted-properties": [
        "error",
        ...["any", "timeout"].map((property) => ({
          object: "AbortSignal",
          property,
          message: "It may be collected, and then never fires: use TimeLimit of src/protocol.",
        })),
      ],
    },
  },
  {
    files: ["src/**/*.ts"],
    rules: {
      // What is no UTF-8 would become U+FFFD without a word, and another key, value or secret.
      "no-restricted-syntax": [
        "error",
        ...[
          "NewExpression[callee.name='TextDecoder'][arguments.length<2]",
          "CallExpression[callee.property.name='toString'] > Literal[value=/^utf-?8$/i]",
          "CallExpression[callee.property.name='setEncoding']",
          "CallExpression[callee.name=/^readFile(Sync)?$/] > Literal[value=/^utf-?8$/i]",
          "ImportDeclaration[source.value='node:stream/consumers'] > ImportSpecifier[imported.name=/^(text|json)$/]",
          "CallExpression[callee.object.name='JSON'][callee.property.name='parse']",
        ].map((selector) => ({
          selector,
          message:
            "Bytes from outside become text by textOf or textForEyes of src/protocol, and JSON is read by readJson.",
        })),
        {
          selector: "CallExpression[callee.name=/^mkdir(Sync)?$/] Property[key.name='recursive']",
          message: "It never ends in a directory such as /proc: use makeDirectory of src/protocol.",
        },
      ],
    },
  },
);

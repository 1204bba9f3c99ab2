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
);

import { Args, Flags } from "@oclif/core";
import { address } from "../cli/address-flag.js";
import { PrismCommand } from "../cli/base-command.js";
import { duration } from "../cli/duration-flag.js";

/** `prism call` */
export default class Call extends PrismCommand {
  static override summary = "Call an operation of a namespace, once or again and again.";
  static override description =
    "Takes and prints canonical protobuf JSON, in which bytes are base64; --key, --value and --expected take text as it is. An operation of a plugin's own gets its parameters as the bytes of the text, and one that streams prints a line for each answer. With --count or --for it ends with a tally, and fails where a call failed.";
  static override examples = [
    "<%= config.bin %> call default set --key greeting --value hello",
    "<%= config.bin %> call default get --key greeting",
    `<%= config.bin %> call default scan '{"prefix":"gr","with_values":true}'`,
    "<%= config.bin %> call hello greet Ann",
    "<%= config.bin %> call default get --key greeting --for 10s --quiet",
  ];
  static override args = {
    namespace: Args.string({ required: true, ignoreStdin: true, description: "Whose data." }),
    operation: Args.string({
      required: true,
      ignoreStdin: true,
      description: "The operation, as the plugin names it.",
    }),
    parameters: Args.string({
      ignoreStdin: true,
      description: "Its parameters: JSON, or any text for a plugin's own operation; - reads stdin.",
    }),
  };
  static override flags = {
    address: address({
      description: "Where the data plane listens: host:port, or unix:/path.",
      default: "127.0.0.1:50051",
      env: "PRISM_ADDRESS",
    }),
    key: Flags.string({ char: "k", multiple: true, multipleNonGreedy: true, description: "A key, as text." }),
    value: Flags.string({ multiple: true, multipleNonGreedy: true, description: "A value, as text." }),
    expected: Flags.string({ description: "The value that compare_and_set expects, as text." }),
    count: Flags.integer({ min: 1, description: "Call so many times." }),
    for: duration({ description: "Call again and again for so long." }),
    quiet: Flags.boolean({ char: "q", description: "Print no answers, only the tally." }),
  };

  protected override get elsewhere(): string {
    return `other parameters go as JSON, such as '{"prefix":"gr"}'`;
  }

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(Call);
    const { callOperation } = await import("../cli/call-operation.js");

    return callOperation(
      { ...args, ...flags },
      { print: (line) => this.log(line), atTheEnd: this.jsonEnabled() },
    );
  }
}

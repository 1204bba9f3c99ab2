import { Flags } from "@oclif/core";

/** Lists have a line of heads, on a terminal and in a pipe, but where this flag stands. */
export const noHeader = Flags.boolean({ description: "Leave the line of heads out." });

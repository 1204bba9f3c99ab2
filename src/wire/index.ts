export { HeaderList } from "./header-list.js";
export type * from "./types.js";

export { DataPlane, type DataPlaneOptions } from "./data-plane.js";

#!/usr/bin/env -S node --import tsx --disable-warning=ExperimentalWarning
// The command line from source, without a build: ./bin/dev.js status
import { fileURLToPath } from "node:url";
import { execute } from "@oclif/core";

const root = fileURLToPath(new URL("..", import.meta.url));
await execute({ development: true, loadOptions: { root, ignoreManifest: true } });

// A setup file: the collector runs many times a second, whatever the test does.
let garbage: readonly object[] = [];
setInterval(() => {
  garbage = Array.from({ length: garbage.length === 0 ? 20_000 : 0 }, () => ({ of: "no use" }));
}, 40).unref();

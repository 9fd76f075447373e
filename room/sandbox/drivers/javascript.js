// Calls one function of the program with the arguments on standard input and writes its result to descriptor 3.
const fs = require("fs");
const path = require("path");
const vm = require("vm");

const [file, name] = process.argv.slice(2);
const args = JSON.parse(fs.readFileSync(0, "utf8"));
const full = path.resolve(file);
process.argv = [process.argv[0], full];
const module_ = { exports: {} };
const local = (wanted) => require(/^\.\.?\//.test(wanted) ? path.resolve(path.dirname(full), wanted) : wanted);
// The function is looked up where the program defined it: by name at its top level, or among its exports.
const source =
  "(function (exports, require, module, __filename, __dirname) {" +
  fs.readFileSync(full, "utf8") +
  `\n;return typeof ${name} === "function" ? ${name} : module.exports && module.exports[${JSON.stringify(name)}];\n})`;
const call = vm.runInThisContext(source, { filename: file })(module_.exports, local, module_, full, path.dirname(full));
if (typeof call !== "function") {
  console.error(`There is no function called ${name} in ${file}.`);
  process.exit(1);
}
Promise.resolve(call(...args)).then((value) => {
  const answer = Buffer.from(JSON.stringify(value === undefined ? null : value));
  for (let at = 0; at < answer.length; ) {
    try { at += fs.writeSync(3, answer, at); } catch (error) { if (error.code !== "EAGAIN") throw error; }
  }
}).catch((error) => { console.error(error); process.exit(1); });

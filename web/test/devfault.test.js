import { test } from "node:test";
import assert from "node:assert/strict";
import { faultOf, firstError } from "../model/devfault.js";

test("the first line of a compiler that names a place", () => {
  assert.equal(firstError("go build: exit status 1\n# example.com/shout\n./discipline.go:40:12: undefined: x\n./b.go:1:1: y"), "./discipline.go:40:12: undefined: x");
  assert.equal(firstError("counter.star:1:12: got ':', want primary expression"), "counter.star:1:12: got ':', want primary expression");
  assert.equal(firstError("\n no Go here\n"), "no Go here");
  assert.equal(firstError(""), "");
});

const stack = `goroutine 12 [running]:
runtime/debug.Stack()
	/usr/local/go/src/runtime/debug/stack.go:26 +0x5e
panic({0x1, 0x2})
	/usr/local/go/src/runtime/panic.go:792 +0x132
main.helper(...)
	/home/me/shout/deep/parse.go:7
main.(*machine).Handle(0x1)
	/home/me/shout/discipline.go:33 +0x1d
github.com/x/core/wire.(*server).guard(0x3)
	/home/me/go/pkg/mod/x/core/wire/serve.go:322 +0x3`;

test("a panic of Go: the author's own line first", () => {
  const want = { what: "index out of range [3]", where: "deep/parse.go:7" };
  assert.deepEqual(faultOf(["fine", "ERROR the machine panicked panic=index out of range [3] stack=" + stack], "/home/me/shout"), want);
  assert.deepEqual(faultOf(["panic: index out of range [3]", "", ...stack.split("\n")], "/home/me/shout/"), want);
  assert.deepEqual(faultOf(['panic="index out of range [3]" stack="' + stack.replaceAll("\n", "\\n").replaceAll("\t", "\\t") + '"'], "/home/me/shout"), want);
  assert.deepEqual(faultOf(["panic: other", stack], "/elsewhere"), { what: "other", where: "" });
  assert.equal(faultOf(["all is well"], "/home/me/shout"), null);
});

test("a traceback of Python: the innermost line of the author's", () => {
  const log = ["Traceback (most recent call last):", '  File "/p/shout.py", line 9, in <module>', "    main()", '  File "/p/shout.py", line 5, in main', '  File "/usr/lib/python3/json.py", line 3, in loads', "ValueError: no"];
  assert.deepEqual(faultOf(log, "/p/shout.py"), { what: "ValueError: no", where: "shout.py:5" });
});

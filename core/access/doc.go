// Package access decides who may use the workbench.
//
// A [Gate] lets a request pass if it brings the token of the workbench, as a
// program does, or the cookie that a link with a [Gate.NewCode] has left in a browser; or, on
// systems that can tell, if the other end of its connection belongs to the same
// account as the workbench, or to root, who could read the token anyway.
//
// The duties of its caller: ask the gate about every request, before anything is
// done with it, except those whose answer is the same for everyone; and check by
// other means that a browser's request comes from the workbench's own page, which
// no credential shows.
//
// Tokens, cookies and codes are in no error and no log.
package access

// Package access decides who may use the workbench, and for what.
//
// A [Gate] tells whom a request comes from: the account that runs the workbench, or
// one of the users that a file names or for whom a provider of identities vouches. A
// program shows a token; a browser shows the cookie that a link or a login has left there. On systems that can tell, a program needs
// neither if the other end of its connection belongs to the account, or to root, who
// could read the token anyway. A browser always does: any page in it can reach the
// workbench's address, and what it may have kept there is not the workbench's.
//
// What a [Role] may do stands in one matrix: [Role.May].
//
// The duties of its caller: ask the gate about every request, before anything is
// done with it, except those whose answer is the same for everyone; ask the role
// about what the request does; keep what belongs to users apart by
// [Principal.Name]; and check by other means that a browser's request comes from
// the workbench's own page, which no credential shows.
//
// Tokens, cookies and codes are in no error and no log.
package access

package step

import (
	"maps"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// The filter is a program that the kernel runs on each system call. It searches
// the call's number in a binary tree, and looks at arguments only where there
// are rules for them. From Linux 5.11 on the kernel finds out which calls are
// allowed whatever their arguments, and does not run it for those.

// Offsets in struct seccomp_data. Both processors store the low half of an
// argument first.
const (
	offNumber = 0
	offArch   = 4
	offArgs   = 16
)

const (
	pass   = unix.SECCOMP_RET_ALLOW
	refuse = unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)
	absent = unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)
	tell   = unix.SECCOMP_RET_USER_NOTIF // who reads them answers
)

// firstNew is where, with Linux 5.1, all processors began to number system
// calls alike. To a program an older call is forbidden, and a newer one is not
// there: it knows kernels without.
const firstNew = 424

// refusal answers a call that is not allowed.
func refusal(n uint32) uint32 {
	if n >= firstNew {
		return absent
	}
	return refuse
}

// Errno is the error with which a call that is not allowed fails.
func Errno(number uint32) unix.Errno {
	if refusal(number) == absent {
		return unix.ENOSYS
	}
	return unix.EPERM
}

// call is one that is allowed when one of its ways holds: all tests of it.
type call struct {
	name string
	told bool // when it is not, that is told as of a call that is never allowed
	ways [][]test
}

// test looks at one argument. The instruction after it follows if that is as wanted.
// Its last instruction's way out, no, is filled in by ways.
type test []unix.SockFilter

const (
	all = 0xffffffff
	no  = 0xff // a jump to where the way does not hold
)

// in: the bits of mask in the argument's low half are one of the values. Where this
// is used, the kernel ignores the high half.
func in(arg, mask uint32, values ...uint32) test {
	t := test{low(arg), {Code: unix.BPF_ALU | unix.BPF_AND | unix.BPF_K, K: mask}}
	for i, v := range values[:len(values)-1] {
		t = append(t, jump(unix.BPF_JEQ, v, uint8(len(values)-1-i), 0))
	}
	return append(t, jump(unix.BPF_JEQ, values[len(values)-1], 0, no))
}

// with: some of the bits are set in the low half.
func with(arg, bits uint32) test { return test{low(arg), jump(unix.BPF_JSET, bits, 0, no)} }

// without: none is.
func without(arg, bits uint32) test { return test{low(arg), jump(unix.BPF_JSET, bits, no, 0)} }

// equal: all 64 bits are as in value.
func equal(arg uint32, value uint64) test {
	return test{
		low(arg), jump(unix.BPF_JEQ, uint32(value), 0, no),
		load(offArgs + 8*arg + 4), jump(unix.BPF_JEQ, uint32(value>>32), 0, no),
	}
}

func low(arg uint32) unix.SockFilter { return load(offArgs + 8*arg) }

func load(offset uint32) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: offset}
}

func answer(value uint32) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: value}
}

// jump skips yes instructions if what is loaded compares to k so, else not.
func jump(how uint16, k uint32, yes, not uint8) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_JMP | how | unix.BPF_K, K: k, Jt: yes, Jf: not}
}

// branch is what is done for one call.
type branch struct {
	n    uint32
	body []unix.SockFilter // ends with an answer
}

// body passes the call if one of the ways holds, and answers otherwise if none
// does.
func body(ways [][]test, otherwise uint32) []unix.SockFilter {
	var f []unix.SockFilter
	for _, way := range ways {
		tests := slices.Concat(way...)
		for i := range tests {
			out := uint8(len(tests) - i) // past the answer that follows
			if tests[i].Jt == no {
				tests[i].Jt = out
			}
			if tests[i].Jf == no {
				tests[i].Jf = out
			}
		}
		f = append(append(f, tests...), answer(pass))
	}
	return append(f, answer(otherwise))
}

// tree is the search for a number that is loaded among branches, which are in
// order; one that is not among them is answered otherwise.
func tree(branches []branch, otherwise uint32) []unix.SockFilter {
	switch len(branches) {
	case 0:
		return []unix.SockFilter{answer(otherwise)}
	case 1:
		b := branches[0]
		return slices.Concat([]unix.SockFilter{jump(unix.BPF_JEQ, b.n, 0, uint8(len(b.body)))}, b.body, []unix.SockFilter{answer(otherwise)})
	}
	half := len(branches) / 2
	return fork(branches[half].n, tree(branches[:half], otherwise), tree(branches[half:], otherwise))
}

// fork goes on with below or with the other, by the number that is loaded.
func fork(n uint32, below, other []unix.SockFilter) []unix.SockFilter {
	skip := unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JA, K: uint32(len(below))}
	return slices.Concat([]unix.SockFilter{jump(unix.BPF_JGE, n, 0, 1), skip}, below, other)
}

// filter is the program for this process. secret is what execve takes as its
// fourth to sixth argument, which the kernel ignores. Only Run knows it; the
// program that it becomes does not, and so cannot become another. With told,
// whoever has the listener answers what is refused.
func filter(self uint32, secret [3]uint64, o Order, told bool) []unix.SockFilter {
	deny := refusal
	if told {
		deny = func(uint32) uint32 { return tell }
	}
	numbers := maps.Collect(native)
	bodies := map[uint32][]unix.SockFilter{}
	put := func(calls string, value func(n uint32) uint32) {
		for name := range strings.FieldsSeq(calls) {
			if n, ok := numbers[name]; ok {
				bodies[n] = []unix.SockFilter{answer(value(n))}
			}
		}
	}
	passed := func(uint32) uint32 { return pass }
	put(unavailable, refusal)
	for _, group := range allowed {
		put(group.calls, passed)
	}
	for _, c := range conditional(self, secret) {
		if n, ok := numbers[c.name]; ok {
			otherwise := refusal(n)
			if c.told {
				otherwise = deny(n)
			}
			bodies[n] = body(c.ways, otherwise)
		}
	}
	if o.Sockets != "" {
		put(forSocket, passed)
	}
	put(strings.Join(o.Calls, " "), passed)

	var older, newer []branch
	for _, n := range slices.Sorted(maps.Keys(bodies)) {
		if n < firstNew {
			older = append(older, branch{n, bodies[n]})
		} else {
			newer = append(newer, branch{n, bodies[n]})
		}
	}
	return slices.Concat([]unix.SockFilter{
		load(offArch), jump(unix.BPF_JEQ, nativeArch, 1, 0), answer(refuse), // other calls have other numbers
		load(offNumber),
	}, fork(firstNew, tree(older, deny(0)), tree(newer, deny(firstNew))))
}

package step

import (
	"errors"
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The kernel is called directly. Package go-landlock restricts all threads of
// the process, which in a build with C goes through /proc/PID/task, and in a
// PID namespace that is another process's: it hangs. Here one thread is enough,
// since the program that it becomes has no other.

// Rights that golang.org/x/sys does not name yet.
const (
	landlockResolveUnix    = 1 << 16 // ABI 9
	landlockBindUDP        = 1 << 2  // ABI 10
	landlockConnectSendUDP = 1 << 3  // ABI 10
)

const (
	readFile = unix.LANDLOCK_ACCESS_FS_READ_FILE
	runFile  = readFile | unix.LANDLOCK_ACCESS_FS_EXECUTE
	readTree = runFile | unix.LANDLOCK_ACCESS_FS_READ_DIR
	useFile  = readFile | unix.LANDLOCK_ACCESS_FS_WRITE_FILE
	// makeSocket: go-plugin makes a file first, for its name.
	makeSocket = useFile | unix.LANDLOCK_ACCESS_FS_MAKE_REG | unix.LANDLOCK_ACCESS_FS_REMOVE_FILE | unix.LANDLOCK_ACCESS_FS_MAKE_SOCK
)

type fileRule struct {
	path   string
	rights uint64
}

// common is what every process may use: the system's programs and libraries,
// for plugins that are scripts or linked dynamically. What is not there is left
// out.
var common = []fileRule{
	{"/usr", readTree}, {"/bin", readTree}, {"/sbin", readTree},
	{"/lib", readTree}, {"/lib32", readTree}, {"/lib64", readTree},
	{"/nix/store", readTree}, {"/gnu/store", readTree}, // are /usr elsewhere
	{"/etc/ld.so.cache", readFile}, {"/etc/localtime", readFile},
	{"/dev/null", useFile}, {"/dev/zero", readFile}, {"/dev/urandom", readFile},
}

// handled is what an ABI can deny. All of it is denied except by the rules above.
func handled(abi int) unix.LandlockRulesetAttr {
	h := unix.LandlockRulesetAttr{Access_fs: unix.LANDLOCK_ACCESS_FS_MAKE_SYM<<1 - 1}
	for _, more := range []struct {
		abi             int
		fs, net, scopes uint64
	}{
		{abi: 2, fs: unix.LANDLOCK_ACCESS_FS_REFER},
		{abi: 3, fs: unix.LANDLOCK_ACCESS_FS_TRUNCATE},
		{abi: 4, net: unix.LANDLOCK_ACCESS_NET_BIND_TCP | unix.LANDLOCK_ACCESS_NET_CONNECT_TCP},
		{abi: 5, fs: unix.LANDLOCK_ACCESS_FS_IOCTL_DEV},
		{abi: 6, scopes: unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | unix.LANDLOCK_SCOPE_SIGNAL},
		{abi: 9, fs: landlockResolveUnix},
		{abi: 10, net: landlockBindUDP | landlockConnectSendUDP},
	} {
		if abi >= more.abi {
			h.Access_fs |= more.fs
			h.Access_net |= more.net
			h.Scoped |= more.scopes
		}
	}
	return h
}

// LandlockABI returns the kernel's version of Landlock, 0 for none.
func LandlockABI() int {
	abi, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 {
		return 0
	}
	return int(abi)
}

// restrictFiles leaves this thread, and what it becomes, the files that it
// needs to run program, and what is granted.
func restrictFiles(o Order, program string, abi int) error {
	if abi == 0 {
		return errors.New("this kernel has no Landlock, or it is turned off")
	}
	attr := handled(abi)
	set, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&attr)), unsafe.Sizeof(attr), 0)
	if errno != 0 {
		return fmt.Errorf("the kernel's Landlock takes no rules: %w", errno)
	}
	defer unix.Close(int(set))
	for _, rule := range common {
		if err := allow(int(set), rule); err != nil && !errors.Is(err, unix.ENOENT) {
			return err
		}
	}
	rules := []fileRule{{program, runFile}, {o.Sockets, makeSocket}}
	for _, path := range o.Read {
		rights := uint64(readTree)
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			rights = runFile // the kernel takes no rights of folders for a file
		}
		rules = append(rules, fileRule{path, rights})
	}
	for _, rule := range rules {
		if rule.path == "" {
			continue
		}
		if err := allow(int(set), rule); err != nil {
			return err
		}
	}
	if _, _, errno := unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, set, 0, 0); errno != 0 {
		return fmt.Errorf("the kernel's Landlock cannot be turned on: %w", errno)
	}
	return nil
}

func allow(set int, rule fileRule) error {
	fd, err := unix.Open(rule.path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("%s: %w", rule.path, err)
	}
	defer unix.Close(fd)
	beneath := unix.LandlockPathBeneathAttr{Allowed_access: rule.rights, Parent_fd: int32(fd)}
	_, _, errno := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, uintptr(set), unix.LANDLOCK_RULE_PATH_BENEATH,
		uintptr(unsafe.Pointer(&beneath)), 0, 0, 0)
	if errno != 0 {
		return fmt.Errorf("the kernel's Landlock does not take the rule for %s: %w", rule.path, errno)
	}
	return nil
}

//go:build linux

package e2e

import (
	"net"
	"os"
	"os/exec"
	accounts "os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// startServer runs a server of Debian's until the end of the test, and returns once it
// takes connections at an address. log is a file that it writes to, or "".
func startServer(t testing.TB, address, log string, cmd *exec.Cmd) {
	t.Helper()
	p, err := run(cmd)
	if err != nil {
		t.Fatalf("%v; scripts/deps.sh installs what the tests need", err)
	}
	t.Cleanup(func() {
		p.signal(syscall.SIGTERM)
		if !p.wait(patience) {
			t.Errorf("%s did not stop", cmd.Path)
			p.signal(syscall.SIGKILL)
		}
		if t.Failed() {
			words, _ := os.ReadFile(log)
			t.Logf("%s wrote:\n%s%s%s", cmd.Path, p.stdout, p.stderr, words)
		}
	})
	eventually(t, cmd.Path+" taking connections", func() bool { return p.gone() || isListened("tcp", address) })
	if p.gone() {
		t.Fatalf("%s ended: %s%s", cmd.Path, p.stdout, p.stderr)
	}
}

// installed returns the path of an installed program. The first pattern that matches is
// taken where it is in no folder of PATH.
func installed(t testing.TB, name string, patterns ...string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	for _, pattern := range append(patterns, "/usr/sbin/"+name) { // which is not in every user's PATH
		if found, _ := filepath.Glob(pattern); len(found) > 0 {
			return found[len(found)-1]
		}
	}
	t.Fatalf("%v; scripts/deps.sh installs what the tests need", err)
	return ""
}

// openDir is a temporary folder that other users can enter.
func openDir(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	for at := dir; strings.HasPrefix(at, os.TempDir()+"/"); at = filepath.Dir(at) {
		os.Chmod(at, 0o755)
	}
	return dir
}

// portOf returns the port of an address.
func portOf(address string) string {
	_, port, _ := net.SplitHostPort(address)
	return port
}

func redisServer(t testing.TB) string {
	address := freePort(t)
	startServer(t, address, "", exec.Command(installed(t, "redis-server"), "--bind", "127.0.0.1", "--port", portOf(address), "--save", "", "--dir", t.TempDir()))
	return address
}

// postgres does not run as root: then it runs as the user that its package makes.
func postgres(t testing.TB) string {
	address, dir := freePort(t), openDir(t)
	data, sockets := filepath.Join(dir, "data"), filepath.Join(dir, "sockets")
	var as *syscall.SysProcAttr
	for _, folder := range []string{data, sockets} {
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		if os.Getuid() != 0 {
			continue
		}
		u, err := accounts.Lookup("postgres")
		if err != nil {
			t.Fatalf("%v; scripts/deps.sh installs what the tests need", err)
		}
		uid, _ := strconv.Atoi(u.Uid)
		gid, _ := strconv.Atoi(u.Gid)
		if err := os.Chown(folder, uid, gid); err != nil {
			t.Fatal(err)
		}
		as = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	}
	command := func(name string, args ...string) *exec.Cmd {
		cmd := exec.Command(installed(t, name, "/usr/lib/postgresql/*/bin/"+name), args...)
		cmd.Dir, cmd.SysProcAttr = dir, as
		return cmd
	}
	if out, err := command("initdb", "--auth=trust", "--username=tester", "--no-sync", "--locale=C", "-D", data).CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	startServer(t, address, "", command("postgres", "-D", data, "-h", "127.0.0.1", "-p", portOf(address), "-k", sockets, "-c", "fsync=off"))
	eventually(t, "postgres being ready", func() bool {
		return exec.Command(installed(t, "psql"), "-h", "127.0.0.1", "-p", portOf(address), "-U", "tester", "-d", "postgres", "-c", "").Run() == nil
	})
	return address
}

func mosquitto(t testing.TB) string {
	address, config := freePort(t), filepath.Join(t.TempDir(), "conf")
	text := "listener " + portOf(address) + " 127.0.0.1\nallow_anonymous true\npersistence false\n"
	if os.Getuid() == 0 {
		text += "user root\n" // as whom it reads this
	}
	writeFile(t, config, text)
	startServer(t, address, "", exec.Command(installed(t, "mosquitto"), "-c", config))
	return address
}

// gitDaemon serves a repository named repo, with a large file in it.
func gitDaemon(t testing.TB) string {
	address, dir := freePort(t), t.TempDir()
	script := exec.Command("sh", "-ec", `
		git init -q work && cd work
		dd if=/dev/urandom of=large bs=256k count=2 status=none
		for i in 1 2 3; do echo $i >file$i; git add .; git -c user.name=ann -c user.email=ann@example.test commit -q -m "commit $i"; done
		cd .. && git clone -q --bare work repo`)
	script.Dir = dir
	if out, err := script.CombinedOutput(); err != nil {
		t.Fatalf("making a repository: %v\n%s", err, out)
	}
	startServer(t, address, "", exec.Command("git", "daemon", "--export-all", "--reuseaddr", "--listen=127.0.0.1", "--port="+portOf(address), "--base-path="+dir, dir))
	return address
}

// rsyncDaemon serves a module named files, and takes some in one named up.
func rsyncDaemon(t testing.TB) string {
	address, dir := freePort(t), t.TempDir()
	for _, name := range []string{"files", "up"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	writeFile(t, filepath.Join(dir, "files", "small"), "small\n")
	large := make([]byte, 300<<10)
	new(pseudo).Read(large)
	writeFile(t, filepath.Join(dir, "files", "large"), string(large))
	config := filepath.Join(dir, "conf")
	text := "use chroot = no\npid file = DIR/pid\n[files]\npath = DIR/files\n[up]\npath = DIR/up\nread only = no\n"
	if os.Getuid() == 0 {
		text = "uid = root\ngid = root\n" + text
	}
	writeFile(t, config, strings.ReplaceAll(text, "DIR", dir))
	startServer(t, address, "", exec.Command(installed(t, "rsync"), "--daemon", "--no-detach", "--address=127.0.0.1", "--port="+portOf(address), "--config="+config, "--log-file=/dev/stderr"))
	return address
}

// sshServer lets the user in who runs the test, by the key in the file that it returns.
func sshServer(t testing.TB) (address, key string) {
	address, dir := freePort(t), openDir(t)
	if os.Getuid() == 0 {
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil { // which its service makes
			t.Fatal(err)
		}
	}
	for _, name := range []string{"host", "user"} {
		if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", filepath.Join(dir, name)).CombinedOutput(); err != nil {
			t.Fatalf("ssh-keygen: %v\n%s", err, out)
		}
	}
	config := filepath.Join(dir, "conf")
	writeFile(t, config, strings.NewReplacer("DIR", dir, "PORT", portOf(address)).Replace(
		"ListenAddress 127.0.0.1\nPort PORT\nHostKey DIR/host\nAuthorizedKeysFile DIR/user.pub\nStrictModes no\nUsePAM no\n"+
			"PermitRootLogin prohibit-password\nPidFile none\nPrintMotd no\nMaxStartups 100\n"))
	startServer(t, address, "", exec.Command(installed(t, "sshd"), "-D", "-e", "-f", config))
	return address, filepath.Join(dir, "user")
}

// openSMTPD runs with its own run and spool folders, so that it needs and changes nothing
// on this machine.
func openSMTPD(t testing.TB) string {
	address, config := freePort(t), filepath.Join(t.TempDir(), "conf")
	writeFile(t, config, "listen on 127.0.0.1 port "+portOf(address)+"\naction \"drop\" mda \"/bin/cat > /dev/null\"\nmatch from any for any action \"drop\"\n")
	startServer(t, address, "", exec.Command("unshare", "--mount", "--propagation", "unchanged", "sh", "-c",
		`{ ! mountpoint -q / || mount --make-rprivate /; } && # in a chroot it need not be one
		mount -t tmpfs -o mode=755 tmpfs /run && mount -t tmpfs -o mode=755 tmpfs /var/spool &&
		mkdir -m 711 /var/spool/smtpd && exec "$0" -d -f "$1"`, installed(t, "smtpd"), config))
	return address
}

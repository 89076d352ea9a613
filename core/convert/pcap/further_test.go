package pcap

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core/transcript"
)

// Each further connection is a stream of its own to real tshark, whoever has opened it, and it
// finds nothing wrong with any.
func TestFurtherConnections(t *testing.T) {
	tshark := program(t, "tshark", "tshark")
	tr, err := transcript.Parse("t", []byte(`workbench transcript v1
mode ftp
target "192.0.2.7:21"

0.1 >> client text "EPSV"
<< server "EPSV\r\n"
0.2 >> server "229 Extended Passive Mode (|||4001|)\r\n"
<< connect data "192.0.2.7:4001"
<< data bytes "early"
0.3 >> data connected "192.0.2.7:4001"
0.4 >> data bytes "one"
0.5 >> data eof
<< data close
0.6 >> data closed
0.7 >> client text "EPRT"
<< accept data ""
0.8 >> data listening "192.0.2.9:40000"
<< server "EPRT |1|192.0.2.9|40000|\r\n"
0.9 >> data connected "192.0.2.7:20"
1.0 >> data bytes "two"
1.1 >> data failed "connection reset"
1.2 >> client text "EPSV"
<< connect data "192.0.2.7:4002"
1.3 >> data failed "connection refused"
1.4 >> client closed
`))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "a.pcapng")
	if err := os.WriteFile(file, written(t, tr), 0o600); err != nil {
		t.Fatal(err)
	}
	ask := func(flags ...string) string {
		cmd := exec.Command(tshark, append([]string{"-n", "-r", file}, flags...)...)
		cmd.Env = append(os.Environ(), "HOME="+dir)
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	begins := ask("-Y", "tcp.flags.syn==1 && tcp.flags.ack==0", "-T", "fields", "-e", "tcp.stream", "-e", "ip.src", "-e", "tcp.srcport", "-e", "ip.dst", "-e", "tcp.dstport", "-e", "frame.time_relative")
	want := "0\t192.0.2.1\t50000\t192.0.2.7\t21\t0.000000000\n" +
		"1\t192.0.2.1\t50001\t192.0.2.7\t4001\t0.300000000\n" +
		"2\t192.0.2.7\t20\t192.0.2.9\t40000\t0.900000000\n"
	if begins != want {
		t.Errorf("these connections begin:\n%s", begins)
	}
	data := ask("-Y", "tcp.stream>0 && tcp.len>0", "-T", "fields", "-e", "tcp.stream", "-e", "tcp.srcport", "-e", "tcp.payload")
	if want := "1\t50001\t6561726c79\n1\t4001\t6f6e65\n2\t20\t74776f\n"; data != want {
		t.Errorf("this crosses the further ones:\n%s", data)
	}
	if found := strings.Replace(ask("-q", "-z", "expert,warn", "-o", "tcp.check_checksum:TRUE"), reset, "", 1); strings.TrimSpace(found) != "" {
		t.Errorf("tshark finds: %s", found)
	}
}

//go:build linux

package e2e

import (
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// pymodbusServer has two holding registers that are not zero, and a hundred of each kind.
const pymodbusServer = `
import sys
from pymodbus.datastore import ModbusSequentialDataBlock as Block, ModbusServerContext, ModbusSlaveContext
from pymodbus.server import StartTcpServer
try: # from 3.8 on it does not look whether there is such an address
    from pymodbus.pdu import ExceptionResponse
    from pymodbus.pdu.bit_message import ReadCoilsRequest
    reads = ReadCoilsRequest.update_datastore
    async def look(self, context):
        return await reads(self, context) if context.validate(1, self.address, self.count) else ExceptionResponse(1, 2)
    ReadCoilsRequest.update_datastore = look
except ImportError:
    pass
slave = ModbusSlaveContext(di=Block(1, [0] * 100), co=Block(1, [0] * 100), ir=Block(1, [7] * 100), hr=Block(1, [10, 258] + [0] * 98))
arguments = dict(context=ModbusServerContext(slaves=slave, single=True), address=("127.0.0.1", int(sys.argv[1])))
try:
    StartTcpServer(allow_reuse_address=True, **arguments) # the test has bound the port too
except TypeError: # of a version that does so always
    StartTcpServer(**arguments)
`

const pymodbusClient = `
import sys
from pymodbus.client import ModbusTcpClient
c = ModbusTcpClient(sys.argv[1], port=int(sys.argv[2]))
c.connect()
print(c.read_holding_registers(0, count=2, slave=1).registers, c.read_input_registers(3, count=1, slave=1).registers)
print(c.write_register(5, 99, slave=1).isError(), c.read_coils(500, count=1, slave=1).isError(), c.write_coil(1, True, slave=1).isError(), c.read_coils(1, count=1, slave=1).bits[0])
c.close()
`

func startModbus(t *testing.T) (address string) {
	t.Helper()
	address = freePort(t)
	_, port, _ := net.SplitHostPort(address)
	p, err := run(exec.Command("/usr/bin/python3", "-c", pymodbusServer, port))
	if err != nil {
		t.Fatalf("%v: scripts/deps.sh installs what the tests need", err)
	}
	t.Cleanup(func() {
		p.signal(syscall.SIGKILL)
		p.wait(patience)
		if t.Failed() {
			t.Logf("the Modbus server wrote:\n%s%s", p.stdout, p.stderr)
		}
	})
	eventually(t, "a Modbus server", func() bool { return isListened("tcp", address) })
	return address
}

// The mode frames with a Modbus server: the session of its page, and pymodbus through a
// watching tap, whose messages are as many as tshark's. Both recordings replay however they
// are cut.
func TestModeFrames(t *testing.T) {
	t.Parallel()
	modbus := startModbus(t)
	w, folder := keeper(t)
	c := w.mailTalk(t, "?mode=frames&option.preset=modbus-tcp", modbus)
	lines, shown := pageSession(t, "frames")
	for i, line := range lines {
		c.says(line)
		text, _ := json.Marshal(strings.TrimSuffix(shown[i+1], "\n"))
		c.until(`"text":` + string(text))
	}
	c.ws.Close()
	file := filepath.Join(folder, w.recorded(t)+".transcript")
	workbenchDoes(t, "replay", "--recut", "10", file)

	tap := tapTo(t, modbus, "--mode", "frames", "--option", "preset=modbus-tcp")
	host, port, _ := strings.Cut(tap.address, ":")
	out, err := exec.Command("/usr/bin/python3", "-c", pymodbusClient, host, port).Output()
	if want := "[10, 42] [7]\nFalse True False True\n"; err != nil || string(out) != want {
		t.Fatalf("pymodbus shows %s, %v; want %s", out, err, want)
	}
	for _, file := range tap.stop(t) {
		workbenchDoes(t, "replay", "--recut", "10", file)
		text, _ := os.ReadFile(file)
		if n := strings.Count(string(text), "\n  mbtcp.trans_id "); n != 12 || strings.Count(string(text), " answers from-client ") != 6 || strings.Count(string(text), "  modbus.exception_code ") != 1 {
			t.Errorf("%d messages:\n%s", n, text)
		}
		capture := filepath.Join(t.TempDir(), "c.pcapng")
		workbenchDoes(t, "transcript", "convert", "--to", "pcapng", file, "-o", capture)
		said, err := exec.Command("tshark", "-n", "-r", capture, "-d", "tcp.port=="+portOf(modbus)+",mbtcp", "-Y", "mbtcp", "-T", "fields", "-e", "modbus.func_code").Output()
		if got := strings.Join(strings.Fields(string(said)), " "); err != nil || got != "3 3 4 4 6 6 1 1 5 5 1 1" {
			t.Errorf("tshark sees %q, %v", got, err)
		}
	}
}

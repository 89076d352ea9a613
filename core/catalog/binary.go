package catalog

import (
	"bytes"
	"cmp"
	"debug/elf"
	"debug/macho"
	"debug/pe"
	"fmt"
	"io"
	"os"
	"runtime"

	"github.com/protocol-workbench/workbench/core"
)

// check looks at a file without starting it. Its errors are Problems.
func check(name, file string, starlark bool) (Kind, error) {
	problem := func(what, next string) (Kind, error) {
		return "", &Problem{Code: CodeNotRunnable, Plugin: name, Path: file, What: what, Next: next}
	}
	if !core.ValidName(name) {
		return "", &Problem{Code: CodeName, Path: file, What: fmt.Sprintf("would be a plugin named %q", name), Next: validNames}
	}
	info, err := os.Stat(file)
	switch {
	case err != nil:
		return "", unreadable(name, file, err)
	case !info.Mode().IsRegular():
		return problem("is no file", "remove it, or name the file in it")
	case info.Size() == 0:
		return problem("is empty", "write it again, or remove it: rm "+Quote(file))
	}
	f, err := os.Open(file)
	if err != nil {
		return "", unreadable(name, file, err)
	}
	defer f.Close()
	switch {
	case starlark:
		return KindStarlark, nil
	case runtime.GOOS != "windows" && info.Mode()&0o111 == 0:
		return problem("has no run bit", "run: chmod +x "+Quote(file))
	}
	if builtFor := platform(f); builtFor != "" && builtFor != runtime.GOOS+"/"+runtime.GOARCH {
		return problem(fmt.Sprintf("is built for %s, this is %s/%s", builtFor, runtime.GOOS, runtime.GOARCH),
			fmt.Sprintf("build it again with: GOOS=%s GOARCH=%s go build", runtime.GOOS, runtime.GOARCH))
	} else if builtFor != "" {
		return KindProgram, nil
	}
	start := make([]byte, 2)
	if f.ReadAt(start, 0); string(start) != "#!" && runtime.GOOS != "windows" {
		return problem("is neither a program nor a script that begins with #!",
			"let its first line name what runs it, such as #!/usr/bin/env python3")
	}
	return KindScript, nil
}

// elfSystems are the systems that say so in an ELF header; Linux mostly does
// not.
var elfSystems = map[elf.OSABI]string{elf.ELFOSABI_FREEBSD: "freebsd", elf.ELFOSABI_NETBSD: "netbsd", elf.ELFOSABI_OPENBSD: "openbsd"}

var elfMachines = map[elf.Machine]string{
	elf.EM_X86_64: "amd64", elf.EM_AARCH64: "arm64", elf.EM_386: "386", elf.EM_ARM: "arm", elf.EM_S390: "s390x",
	elf.EM_LOONGARCH: "loong64",
}

var machoMachines = map[macho.Cpu]string{macho.CpuAmd64: "amd64", macho.CpuArm64: "arm64", macho.Cpu386: "386", macho.CpuArm: "arm"}

var peMachines = map[uint16]string{
	pe.IMAGE_FILE_MACHINE_AMD64: "amd64", pe.IMAGE_FILE_MACHINE_ARM64: "arm64", pe.IMAGE_FILE_MACHINE_I386: "386",
}

// platform returns the system and the processor that a program is built for,
// as Go names them, or "" for a file that is no program. What Go has no name
// for is told as the header has it.
func platform(f io.ReaderAt) string {
	magic := make([]byte, 4)
	f.ReadAt(magic, 0)
	switch {
	case string(magic) == elf.ELFMAG:
		if e, err := elf.NewFile(f); err == nil {
			return cmp.Or(elfSystems[e.OSABI], "linux") + "/" + elfMachine(e)
		}
		return "a system unknown (its ELF header is damaged)"
	case bytes.HasPrefix(magic, []byte("MZ")):
		if p, err := pe.NewFile(f); err == nil {
			return "windows/" + cmp.Or(peMachines[p.Machine], fmt.Sprintf("machine %#x", p.Machine))
		}
		return "windows"
	}
	if fat, err := macho.NewFatFile(f); err == nil {
		for _, arch := range fat.Arches {
			if machoMachines[arch.Cpu] == runtime.GOARCH {
				return "darwin/" + runtime.GOARCH
			}
		}
		return "darwin, other processors"
	}
	if m, err := macho.NewFile(f); err == nil {
		return "darwin/" + cmp.Or(machoMachines[m.Cpu], m.Cpu.String())
	}
	return ""
}

// elfMachine names a processor; of some the header tells byte order and size
// apart from the machine.
func elfMachine(e *elf.File) string {
	little, wide := e.Data == elf.ELFDATA2LSB, e.Class == elf.ELFCLASS64
	switch {
	case e.Machine == elf.EM_PPC64 && little:
		return "ppc64le"
	case e.Machine == elf.EM_PPC64:
		return "ppc64"
	case e.Machine == elf.EM_RISCV && wide:
		return "riscv64"
	}
	return cmp.Or(elfMachines[e.Machine], e.Machine.String())
}

package frames

import (
	"strconv"
	"strings"

	"github.com/protocol-workbench/workbench/core"
)

// commands are the functions of Modbus, with their values as they are typed: name=value.
func commands() (all []core.Command) {
	least, most, units := int64(0), int64(0xffff), int64(255)
	number := func(name, help, otherwise string, most *int64) core.CommandField {
		return core.CommandField{Name: name, Type: core.ValueInt, Help: help, Default: otherwise, Min: &least, Max: most}
	}
	value := func(name, help string) core.CommandField {
		return core.CommandField{Name: name, Type: core.ValueText, Help: help}
	}
	address, unit := number("address", "of the first; typed as address=0", "0", &most), number("unit", "whom it is for; typed as unit=1", "1", &units)
	for _, f := range functions {
		c := core.Command{Name: f.name, When: map[string][]string{optionPreset: {presetModbus}}}
		what := strings.ReplaceAll(f.name[strings.IndexByte(f.name, '-')+1:], "-", " ")
		switch f.shape {
		case readBits, readWords:
			c.Help = "Read " + what
			c.Fields = []core.CommandField{address, number("count", "how many; typed as count=1", "1", &most), unit}
		case writeOne:
			c.Help = "Set a " + what
			c.Fields = []core.CommandField{value("value", "typed as value=1; of a coil on or off"), address, unit}
		case writeBits, writeWords:
			c.Help = "Set " + what + " one after the other"
			c.Fields = []core.CommandField{value("values", "typed as values=1,0,1"), address, unit}
		}
		all = append(all, c)
	}
	return all
}

// spell returns a command as it is typed.
func spell(call core.Call) string {
	line := call.Command.Name
	for _, f := range call.Command.Fields {
		value := call.Text(f.Name)
		if strings.ContainsAny(value, " \t\"") {
			value = strconv.Quote(value)
		}
		line += " " + f.Name + "=" + value
	}
	return line
}

package dns

import "github.com/protocol-workbench/workbench/core"

// Discipline returns the line mode dns.
func Discipline() core.Discipline {
	return core.Discipline{
		Manifest: core.Manifest{
			Name:    "dns",
			Title:   "DNS",
			Version: "1",
			Summary: "Type queries as for dig, see answers as it shows them: A example.com +do. " +
				"In a tap, each query and the response to it. By TCP, also zone transfers, and by UDP.",
			Sends: "a query, by TCP with its length before it; after = hex digits, which are sent as they are",
			Input: core.InputLine,
			Options: []core.Option{
				{Name: "edns", Type: core.OptionChoice, Default: "off", Choices: []string{"off", "on", "do"},
					Help: "What queries have that say nothing about it: EDNS (on), and the request for DNSSEC's records too (do)."},
				{Name: "recurse", Type: core.OptionBool, Default: "true",
					Help: "Ask the server to ask others: queries have the flag RD unless they say +norec."},
			},
			Boundaries: true,
			Events: []string{core.ClientRaw.String(), core.ClientBytes.String(), core.ClientCommand.String(),
				core.ClientUnseen.String(), core.ServerUnseen.String()},
			AfterServerEOF: true,
			Clients:        []string{core.Messages.String(), core.Stream.String(), core.Datagrams.String()},
			Messages:       true,
			Seeded:         true,
			Commands:       commands(),
			TypedAsText:    true,
			ChecksTyped:    true,
			Brief:          "names and zones, as in dig",
			Ports:          []core.UsualPort{{Port: 53, Name: "DNS"}, {Port: 853, Name: "DNS"}},
		},
		Open: func(o core.Opening, _ *core.Out) (core.Machine, error) {
			m := &machine{byHand: o.Client == core.Messages, watch: o.Watch, seed: o.Seed,
				defaults: query{recurse: o.Options.Bool("recurse"), edns: o.Options["edns"] != "off", do: o.Options["edns"] == "do"}}
			m.replies.stream = o.Server == core.ServerStream
			m.queries.stream = o.Client == core.Stream
			m.flow = core.FromClient
			if m.byHand {
				m.queries.stream = m.replies.stream
				m.flow = core.ToServer
			}
			return m, nil
		},
	}
}

// commands are the queries that the page completes.
func commands() []core.Command {
	options := core.CommandField{Name: "options", Type: core.ValueText, Optional: true, Rest: true, Help: "such as +norec +do +edns +bufsize=1232"}
	name := core.CommandField{Name: "name", Type: core.ValueText, Help: "such as example.com"}
	all := []core.Command{
		{Name: "-x", Help: "The name of an address: the PTR record", Fields: []core.CommandField{
			{Name: "address", Type: core.ValueText, Help: "IPv4 or IPv6"}, options}},
	}
	for _, c := range [][2]string{
		{"A", "IPv4 addresses"}, {"AAAA", "IPv6 addresses"}, {"MX", "Where mail goes"}, {"NS", "Name servers of a zone"},
		{"SOA", "Which version a zone has, and who keeps it"}, {"TXT", "Texts"}, {"CNAME", "What an alias stands for"},
		{"PTR", "What a reverse name points to"}, {"SRV", "Hosts and ports of a service"}, {"CAA", "Who may issue certificates"},
		{"HTTPS", "How to reach a web site"}, {"SVCB", "How to reach a service"}, {"TLSA", "A service's certificate"}, {"DS", "The parent's digest of a zone's key"},
		{"DNSKEY", "Keys of a zone"}, {"NAPTR", "Rewriting rules"}, {"ANY", "Whatever the server likes to tell"},
		{"AXFR", "All records of a zone, by TCP"},
	} {
		all = append(all, core.Command{Name: c[0], Help: c[1], Fields: []core.CommandField{name, options}})
	}
	least, most := int64(0), int64(1<<32-1)
	return append(all, core.Command{Name: "IXFR", Help: "What has changed in a zone since a serial number, by TCP", Fields: []core.CommandField{
		{Name: "serial", Type: core.ValueInt, Min: &least, Max: &most}, name, options}})
}

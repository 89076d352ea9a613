package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/protocol-workbench/workbench/cmd/workbench/command"
	"github.com/protocol-workbench/workbench/cmd/workbench/settings"
	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/docsite"
	"github.com/protocol-workbench/workbench/web"
)

func newDocsCommand() *cobra.Command {
	print, noOpen, listen := false, false, ""
	cmd := &cobra.Command{
		Use:         "docs [TOPIC]",
		Annotations: map[string]string{settings.Optional: "yes"},
		Short:       "Open the documentation in a browser, or print a page of it",
		Long: "docs serves the documentation that this binary has with it, on a free port of this\n" +
			"machine, and opens it in a browser, at the page of a topic if you name one: tap,\n" +
			"modes/resp, commands/serve. While the workbench serves its page, the same is there\n" +
			"at /docs, with the line modes of your plugins.\n\n" +
			"With --print it prints the page of the topic as it is written, in Markdown; without a\n" +
			"topic it prints the table of contents and the names of all topics.",
		Example: "  workbench docs\n" +
			"  workbench docs tour\n" +
			"  workbench docs --print modes/resp\n" +
			"  workbench docs --no-open                    only serve it, and tell where",
		Args: command.Wants(0, 1, "name one topic"),
		RunE: func(cmd *cobra.Command, args []string) error {
			site := docsOf(builtinManifests())
			topic := strings.Join(args, "")
			page, ok := site.Topic(topic)
			if topic == "" {
				page, ok = site.Topic("README")
			}
			if !ok {
				return fmt.Errorf("there is no topic %q; workbench docs --print lists them", core.CutWords(topic, core.MaxName))
			}
			if print {
				return printTopic(cmd.OutOrStdout(), site, page, topic == "")
			}
			return serveDocs(cmd.Context(), site, listen, page.Address(), !noOpen, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	cmd.Flags().BoolVar(&print, "print", false, "print the page of the topic, in Markdown")
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:0", "serve it at `ADDRESS`, HOST:PORT on this machine; port 0 is a free one")
	cmd.Flags().BoolVar(&noOpen, "no-open", false, "open no browser")
	cmd.MarkFlagsMutuallyExclusive("print", "listen")
	cmd.MarkFlagsMutuallyExclusive("print", "no-open")
	return cmd
}

func printTopic(w io.Writer, site *docsite.Site, page docsite.Source, withTopics bool) error {
	if _, err := io.WriteString(w, strings.TrimRight(page.Text, "\n")+"\n"); err != nil || !withTopics {
		return err
	}
	_, err := fmt.Fprintf(w, "\n## Topics\n\n%s\n", strings.Join(site.Topics(), "\n"))
	return err
}

// pageFiles are the files of the workbench's page that those of the documentation use.
var pageFiles = []string{"style.css", "docs.css", "docs.js", "favicon.svg"}

// serveDocs serves the documentation alone, until ctx ends. Nothing there is secret: it is
// what the binary has with it.
func serveDocs(ctx context.Context, site *docsite.Site, listen, at string, open bool, stdout, stderr io.Writer) error {
	log := newLog(stderr, false)
	listener, err := command.Listen(listen, listen, "--listen", log)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("GET "+docsite.Root, site)
	mux.Handle("GET /{$}", http.RedirectHandler(docsite.Root, http.StatusFound))
	for _, name := range pageFiles {
		mux.Handle("GET /"+name, http.FileServerFS(web.Files()))
	}
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, MaxHeaderBytes: 16 << 10}
	stop := context.AfterFunc(ctx, func() { server.Close() })
	defer stop()
	link := "http://" + listener.Addr().String() + at
	fmt.Fprintf(stdout, "Documentation: %s\nPress Ctrl-C to stop.\n", link)
	if open {
		closed := openBrowser(link, log)
		defer closed()
	}
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("the documentation cannot be served any more: %w", err)
	}
	return nil
}

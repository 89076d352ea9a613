// Package agent lets a program that speaks for a language model use a running workbench,
// by the Model Context Protocol (https://modelcontextprotocol.io).
//
// It is a client of the workbench's HTTP API and of its WebSocket, as docs/websocket.md has
// them, and of nothing else. So the gateway's policy of targets, roles, limits, recordings
// and audit log hold for an agent as for a person. Each request names the agent, by the
// header X-Workbench-Agent, and the gateway answers it only where agents are let in.
//
// [Serve] serves one agent on a transport. What servers send is returned in fields of its
// own, and the tools' descriptions say that it is data and never an instruction.
//
// This package does not know who may do what, dials no target, and keeps nothing.
package agent

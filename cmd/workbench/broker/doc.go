// Package broker is the command workbench broker, a NATS server for the log that workbenches
// share, in rooms that have none. It is there with the build tag broker alone: the server
// would make every other program a quarter larger.
package broker

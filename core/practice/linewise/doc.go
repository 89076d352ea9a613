// Package linewise has what practice servers share that talk in lines: how a client's
// stream becomes lines ([Lines]), how passwords in it are kept out of recordings
// ([Secrets]), and the options that all of them have ([Options]).
//
// It knows no protocol: what a line may be, and what is said of one that ends in LF
// alone, is for the machine. Like a machine it is pure: no clock, no I/O.
package linewise

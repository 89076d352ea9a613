// Package wall keeps what a teacher sees of each student of a class: where they are in a
// lesson, the last line that crossed, and whether they need help.
//
// It is a fold of facts, each told with its time: a [Student] is told what a student does,
// and a [Session] what crosses in one of the student's sessions. [Wall.Tiles] makes of it
// what the teacher sees at some time. The package reads no clock, and keeps little of each
// student however much crosses. What a machine marks as secret it masks as recordings do,
// before it keeps anything of it.
//
// The package does not know who may see a tile. All is safe for concurrent use; what is
// told of one student does not wait for what is told of another.
package wall

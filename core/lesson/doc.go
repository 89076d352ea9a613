// Package lesson reads lessons and judges what a student's connections show.
//
// A lesson is a folder, or the same files in one txtar archive: lesson.md, which is
// Markdown with blocks of settings and checks, the transcripts that it names, and
// tests/cases.txt, which says what verdict the transcripts beside it get.
// docs/lessons.md tells how to write one.
//
// The duties of a caller, in order:
//
//  1. Read the files with [Open] or [OpenArchive]. Errors name file and line.
//  2. Make the lesson of a student with [Source.For]: values such as
//     ${student.word} are expanded before anything else is read.
//  3. Give [Lesson.Judge] the student's transcripts and answers. It is a pure function
//     of them, so the page, the command line and CI give the same verdict; while a
//     session is running it may be asked again and again.
//
// # What counts
//
// Checks look at what crossed the connection to the server: each side's stream, and
// how it ended. Where a stream was cut into reads and writes means nothing, but for
// conditions that ask for segments or for an entry of the transcript.
//
// # What this package is not for
//
// It opens no file and no connection. The command line plays stages to a student's
// server; package play does the talking.
package lesson

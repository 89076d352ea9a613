package dns

// wrong says what is wrong with a message or a part of it; 0 nothing.
type wrong uint8

const (
	wrongShort wrong = iota + 1
	wrongBroken
	wrongNameEnd
	wrongPointer
	wrongLabel
	wrongNameLong
	wrongRecordEnd
	wrongDataEnd
	wrongData
	wrongA
	wrongAAAA
	wrongMissing
	wrongTrailing
	wrongTruncated
	wrongZero
	wrongQuery
	wrongResponse
	wrongQuestions
	wrongOther
	wrongTwoOPT
	wrongOPTName
	wrongs
)

var wrongWords = [wrongs]string{
	wrongShort:     "RFC 1035, section 4.1.1: a message begins with a header of 12 bytes",
	wrongBroken:    "RFC 1035, section 4.2.2: so many bytes of message follow its length; the stream ended before",
	wrongNameEnd:   "RFC 1035, section 3.1: a name ends with the zero length of the root, or a pointer; the message ends before",
	wrongPointer:   "RFC 1035, section 4.1.4: a pointer leads to a prior occurrence of the name; this one does not lead back",
	wrongLabel:     "RFC 1035, section 4.1.4: a label begins with the bits 00, a pointer with 11; 01 and 10 are reserved",
	wrongNameLong:  "RFC 1035, section 2.3.4: a name has 255 bytes or less",
	wrongRecordEnd: "RFC 1035, section 4.1: type and class follow a name, and TTL and RDLENGTH in a record; the message ends before",
	wrongDataEnd:   "RFC 1035, section 4.1.3: RDLENGTH is the length of the data; the message ends before",
	wrongData:      "RFC 1035, section 4.1.3: what the data holds depends on the type; this is not what a record of this type holds",
	wrongA:         "RFC 1035, section 3.4.1: the data of an A record is an address of 4 bytes",
	wrongAAAA:      "RFC 3596, section 2.2: the data of an AAAA record is an address of 16 bytes",
	wrongMissing:   "RFC 1035, section 4.1.1: this is the number of entries in the section; the message ends before",
	wrongTrailing:  "RFC 1035, section 4.1: a message has the sections that its header counts; these bytes come after them",
	wrongTruncated: "RFC 1035, section 4.1.1: TC says that the message was too long for its channel; by TCP 65,535 bytes are not",
	wrongZero:      "RFC 1035, section 4.1.1: Z must be zero in all queries and responses",
	wrongQuery:     "RFC 1035, section 4.1.1: QR is 0 in a query and 1 in a response; the server sends responses",
	wrongResponse:  "RFC 1035, section 4.1.1: QR is 0 in a query and 1 in a response; the client sends queries",
	wrongQuestions: "RFC 9619, section 4: a query and its response have at most one question",
	wrongOther:     "RFC 5452, section 9.1: a response has the question of its query; this is another one",
	wrongTwoOPT:    "RFC 6891, section 6.1.1: a message has at most one OPT record",
	wrongOPTName:   "RFC 6891, section 6.1.2: the name of an OPT record is the root",
}

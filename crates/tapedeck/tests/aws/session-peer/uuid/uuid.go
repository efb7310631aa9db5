// Package uuid is what AWS's code uses of a package of this name, whose versions of that time are not to be had any more.
package uuid

import (
	"crypto/rand"
	"fmt"
)

// UUID is 16 bytes.
type UUID interface {
	Bytes() []byte
	String() string
}

// Format is how they are written.
type Format string

// CleanHyphen is the only one.
const CleanHyphen Format = "%x-%x-%x-%x-%x"

// SwitchFormat has nothing to switch.
func SwitchFormat(Format) {}

type bytes [16]byte

// New is that of some bytes.
func New(data []byte) UUID {
	var own bytes
	copy(own[:], data)
	return own
}

// NewV4 is a random one.
func NewV4() UUID {
	var own bytes
	if _, err := rand.Read(own[:]); err != nil {
		panic(err)
	}
	return own
}

func (own bytes) Bytes() []byte {
	return own[:]
}

func (own bytes) String() string {
	return fmt.Sprintf(string(CleanHyphen), own[:4], own[4:6], own[6:8], own[8:10], own[10:])
}

package standin

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"sync"

	"k8s.io/apimachinery/pkg/types"
)

// Annotations and labels that kapp puts on what it deploys, and on its records.
const (
	appLabel         = "kapp.k14s.io/app"
	associationLabel = "kapp.k14s.io/association"
	recordLabel      = "kapp.k14s.io/is-app"
	identityKey      = "kapp.k14s.io/identity"
	originalKey      = "kapp.k14s.io/original"
	originalMD5Key   = "kapp.k14s.io/original-diff-md5"
)

// Written remembers what objects looked like when they had been written: with the server's defaults, which must not be
// taken for a foreign change. It is lost when the stand-in ends, and then everything is written once more.
type Written struct {
	lock sync.Mutex
	sums map[types.UID]string
}

// NewWritten makes one that remembers nothing.
func NewWritten() *Written {
	return &Written{sums: map[types.UID]string{}}
}

// Keep remembers an object as the server answered to a write.
func (w *Written) Keep(answer *Object) {
	w.lock.Lock()
	defer w.lock.Unlock()
	w.sums[answer.GetUID()] = significantSum(answer)
}

// Differs tells whether an object must be written: it is not what was written last, or something else is wanted now.
func (w *Written) Differs(wanted, live *Object) bool {
	w.lock.Lock()
	defer w.lock.Unlock()
	return wanted.GetAnnotations()[originalKey] != live.GetAnnotations()[originalKey] ||
		w.sums[live.GetUID()] != significantSum(live)
}

// significantSum is a sum of all that kapp puts back: everything but the status, and of the metadata only labels and
// annotations.
func significantSum(object *Object) string {
	significant := map[string]any{}
	for field, value := range object.Object {
		if field != "metadata" && field != "status" {
			significant[field] = value
		}
	}
	significant["labels"] = object.GetLabels()
	significant["annotations"] = object.GetAnnotations()
	return sum(significant)
}

func sum(value any) string {
	// What was read as JSON can be written as JSON; maps are written in the order of their keys.
	content, _ := json.Marshal(value)
	digest := md5.Sum(content)
	return hex.EncodeToString(digest[:])
}

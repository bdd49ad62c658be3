package edge

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"

	"github.com/dualtone/dualtone/routing"
)

// spool is a file of decisions, one a line, that wait for the database. A nil
// spool holds nothing. It belongs to one goroutine, but for its size.
type spool struct {
	name  string
	limit int64
}

// size is how many bytes wait.
func (s *spool) size() int64 {
	if s == nil {
		return 0
	}
	found, err := os.Stat(s.name)
	if err != nil {
		return 0
	}
	return found.Size()
}

// add appends records and returns how many of them there was no room for. All
// are lost, or none.
func (s *spool) add(records []*routing.Record) (lost int) {
	if s == nil {
		return len(records)
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	for _, r := range records {
		if enc.Encode(r) != nil {
			return len(records)
		}
	}
	if s.size()+int64(b.Len()) > s.limit {
		return len(records)
	}
	const private = 0o600 // it says who called whom
	f, err := os.OpenFile(s.name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, private)
	if err != nil {
		return len(records)
	}
	_, err = f.Write(b.Bytes())
	if errors.Join(err, f.Close()) != nil {
		return len(records)
	}
	return 0
}

// replay hands over what waits, and forgets it when all was taken. After an error
// it begins anew the next time; whoever takes it knows what he has. A line that a
// crash has cut short is passed over.
func (s *spool) replay(take func([]*routing.Record) error) error {
	if s.size() == 0 {
		return nil
	}
	f, err := os.Open(s.name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	var records []*routing.Record
	lines := bufio.NewReader(f)
	for {
		line, end := lines.ReadBytes('\n')
		r := new(routing.Record)
		if len(line) > 0 && json.Unmarshal(line, r) == nil {
			records = append(records, r)
		}
		if len(records) == batch || end != nil && len(records) > 0 {
			if err := take(records); err != nil {
				return err
			}
			records = nil
		}
		if end != nil {
			return os.Remove(s.name)
		}
	}
}

package follow

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/routing"
)

// The file is text: a heading with its version, a line a route, and a checksum
// over all before it.
const (
	heading  = "dualtone routes"
	version  = 1
	checksum = "sha256 "
)

var (
	errVersion = errors.New("is of another format version")
	errDamaged = errors.New("is damaged")
)

// kept is a table as the disk has it.
type kept struct {
	routing.Snapshot
	confirmed time.Time
}

// write replaces the file whole: either the old or the new one is there, also
// when the power goes. A file of another version is left alone.
func write(name string, t *routing.Table, confirmed time.Time) (err error) {
	if found, err := versionOf(name); err == nil && found > version {
		return fmt.Errorf("%s: version %d: %w", name, found, errVersion)
	}
	const private = 0o700 // it says whose number goes where
	if err := os.MkdirAll(filepath.Dir(name), private); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(f.Name())
		}
	}()
	if err := encode(f, t, confirmed); err != nil {
		return err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), name); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(name))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

func encode(to io.Writer, t *routing.Table, confirmed time.Time) error {
	sum := sha256.New()
	w := bufio.NewWriterSize(io.MultiWriter(to, sum), 1<<16)
	fmt.Fprintf(w, "%s %d %d %s %s %d\n", heading, version, t.Revision(),
		t.At().UTC().Format(time.RFC3339Nano), confirmed.UTC().Format(time.RFC3339Nano), t.Len())
	escape := strings.NewReplacer(`\`, `\\`, "\t", `\t`, "\n", `\n`)
	for r := range t.Routes() {
		terms := ""
		if r.Terms != nil {
			text, err := json.Marshal(r.Terms)
			if err != nil {
				return err
			}
			terms = string(text)
		}
		sides := r.Plan()
		sides.How = routing.InOrder
		for i, part := range []string{string(r.Number), sides.String(), escape.Replace(string(r.Person)), terms} {
			if i > 0 {
				_ = w.WriteByte('\t')
			}
			_, _ = w.WriteString(part)
		}
		_ = w.WriteByte('\n')
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(to, "%s%x\n", checksum, sum.Sum(nil))
	return err
}

func versionOf(name string) (int, error) {
	f, err := os.Open(name) //nolint:gosec // The file is named by the configuration.
	if err != nil {
		return 0, err
	}
	defer func() { _ = f.Close() }()
	var found int
	_, err = fmt.Fscanf(f, heading+" %d", &found)
	return found, err
}

// read reads a whole file or nothing.
func read(name string) (kept, error) {
	found, err := versionOf(name)
	if errors.Is(err, os.ErrNotExist) {
		return kept{}, err
	}
	if err != nil {
		return kept{}, fmt.Errorf("%s: %w: %w", name, errDamaged, dualtone.ErrInvalid)
	}
	if found != version {
		return kept{}, fmt.Errorf("%s: version %d, this program reads %d: %w: %w", name, found, version, errVersion, dualtone.ErrInvalid)
	}
	f, err := os.Open(name) //nolint:gosec // The file is named by the configuration.
	if err != nil {
		return kept{}, err
	}
	defer func() { _ = f.Close() }()
	r := reader{lines: bufio.NewReaderSize(f, 1<<16), sum: sha256.New(), sides: map[string][]dualtone.Side{}}
	k, err := r.read()
	if err != nil {
		return kept{}, fmt.Errorf("%s: %w: %w: %w", name, errDamaged, err, dualtone.ErrInvalid)
	}
	return k, nil
}

type reader struct {
	lines *bufio.Reader
	sum   hash.Hash
	sides map[string][]dualtone.Side
}

func (r *reader) read() (kept, error) {
	var k kept
	line, err := r.lines.ReadString('\n')
	if err != nil {
		return k, err
	}
	_, _ = io.WriteString(r.sum, line)
	var found, count int
	var at, confirmed string
	if _, err := fmt.Sscanf(line, heading+" %d %d %s %s %d", &found, &k.Revision, &at, &confirmed, &count); err != nil {
		return k, err
	}
	if k.At, err = time.Parse(time.RFC3339Nano, at); err != nil {
		return k, err
	}
	if k.confirmed, err = time.Parse(time.RFC3339Nano, confirmed); err != nil {
		return k, err
	}
	for {
		line, err := r.lines.ReadString('\n')
		if err != nil {
			return k, io.ErrUnexpectedEOF
		}
		if want, ok := strings.CutPrefix(line, checksum); ok {
			if hex.EncodeToString(r.sum.Sum(nil)) != strings.TrimSpace(want) || len(k.Routes) != count {
				return k, errors.New("the checksum is another")
			}
			return k, nil
		}
		_, _ = io.WriteString(r.sum, line)
		route, err := r.route(strings.TrimSuffix(line, "\n"))
		if err != nil {
			return k, err
		}
		k.Routes = append(k.Routes, route)
	}
}

func (r *reader) route(line string) (routing.Route, error) {
	parts := strings.Split(line, "\t")
	if len(parts) != 4 {
		return routing.Route{}, fmt.Errorf("%q: want four fields", line)
	}
	sides, known := r.sides[parts[1]]
	if !known {
		p, err := routing.ParsePlan(parts[1])
		if err != nil {
			return routing.Route{}, err
		}
		sides = p.Sides
		r.sides[parts[1]] = sides
	}
	person := parts[2]
	if strings.IndexByte(person, '\\') >= 0 {
		person = strings.NewReplacer(`\\`, `\`, `\t`, "\t", `\n`, "\n").Replace(person)
	}
	route := routing.Route{Number: dualtone.Number(parts[0]), Sides: sides, Person: dualtone.PersonID(person)}
	if parts[3] != "" {
		route.Terms = new(routing.Terms)
		if err := json.Unmarshal([]byte(parts[3]), route.Terms); err != nil {
			return route, err
		}
	}
	return route, nil
}

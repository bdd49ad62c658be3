package asterisksim

import (
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/dualtone/dualtone/systems/sim"
)

// forwardFamily is where FreePBX keeps call forwarding.
const forwardFamily = "CF"

// database is the AstDB. The forwards of people live in the world; everything
// else is kept here. An empty forward is no entry.
type database struct {
	world *sim.World
	mu    sync.Mutex
	rest  map[string]string // by /family/key
}

func newDatabase(world *sim.World) *database {
	return &database{world: world, rest: map[string]string{}}
}

// owner is the person whose forward an entry is.
func (db *database) owner(family, key string) (sim.Person, bool) {
	if family != forwardFamily {
		return sim.Person{}, false
	}
	p, err := db.world.Find(key)
	return p, err == nil && extension(p) == key
}

func (db *database) get(family, key string) (string, bool) {
	if p, ok := db.owner(family, key); ok {
		return p.Forward, p.Forward != ""
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	value, ok := db.rest[path(family, key)]
	return value, ok
}

func (db *database) put(family, key, value string) {
	if p, ok := db.owner(family, key); ok {
		_ = db.world.ChangePerson(p.ID, func(p *sim.Person) { p.Forward = value })
		return
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	db.rest[path(family, key)] = value
}

// remove reports whether there was an entry.
func (db *database) remove(family, key string) bool {
	if p, ok := db.owner(family, key); ok {
		had := false
		_ = db.world.ChangePerson(p.ID, func(p *sim.Person) { had, p.Forward = p.Forward != "", "" })
		return had
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	_, had := db.rest[path(family, key)]
	delete(db.rest, path(family, key))
	return had
}

// tree lists the entries at and below a prefix such as /CF or /CF/1001, all of
// them for an empty one, in the order of their paths.
func (db *database) tree(prefix string) []header {
	all := map[string]string{}
	for _, p := range db.world.People() {
		if p.Forward != "" {
			all[path(forwardFamily, extension(p))] = p.Forward
		}
	}
	db.mu.Lock()
	maps.Copy(all, db.rest)
	db.mu.Unlock()
	var found []header
	for _, at := range slices.Sorted(maps.Keys(all)) {
		if prefix == "" || at == prefix || strings.HasPrefix(at, prefix+"/") {
			found = append(found, header{at, all[at]})
		}
	}
	return found
}

func path(family, key string) string { return "/" + family + "/" + key }

// treePrefix is what the Family and Key of a tree action stand for.
func treePrefix(m message) string {
	family, key := m.get("Family"), m.get("Key")
	switch {
	case family == "":
		return ""
	case key == "":
		return "/" + family
	default:
		return path(family, key)
	}
}

// lacks answers for a missing family or key; stop ends the complaint.
func lacks(m message, out *answer, stop string) bool {
	switch {
	case m.get("Family") == "":
		out.fail("No family specified" + stop)
	case m.get("Key") == "":
		out.fail("No key specified" + stop)
	default:
		return false
	}
	return true
}

func doDBGet(c *session, m message, out *answer) {
	if lacks(m, out, ".") {
		return
	}
	value, ok := c.server.database.get(m.get("Family"), m.get("Key"))
	if !ok {
		out.fail("Database entry not found")
		return
	}
	out.listFollows("Result will follow")
	out.itemIDLast("DBGetResponse",
		line("Family", m.get("Family")), line("Key", m.get("Key")), line("Val", value))
	out.complete("DBGetComplete")
}

func doDBPut(c *session, m message, out *answer) {
	if lacks(m, out, "") {
		return
	}
	c.server.database.put(m.get("Family"), m.get("Key"), m.get("Val"))
	out.ack("Updated database successfully")
}

func doDBDel(c *session, m message, out *answer) {
	if lacks(m, out, ".") {
		return
	}
	if !c.server.database.remove(m.get("Family"), m.get("Key")) {
		out.fail("Database entry could not be deleted")
		return
	}
	out.ack("Key deleted successfully")
}

func doDBGetTree(c *session, m message, out *answer) {
	out.listFollows("Result will follow")
	for _, entry := range c.server.database.tree(treePrefix(m)) {
		out.itemIDLast("DBGetTreeResponse", line("Key", entry.key), line("Val", entry.value))
	}
	out.complete("DBGetTreeComplete")
}

func doDBDelTree(c *session, m message, out *answer) {
	if m.get("Family") == "" {
		out.fail("No family specified.")
		return
	}
	entries := c.server.database.tree(treePrefix(m))
	for _, entry := range entries {
		family, key, _ := strings.Cut(entry.key[1:], "/")
		c.server.database.remove(family, key)
	}
	if len(entries) == 0 {
		out.fail("Database entry not found")
		return
	}
	out.ack("Key tree deleted successfully")
}

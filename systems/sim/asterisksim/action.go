package asterisksim

import (
	"maps"
	"slices"
	"strings"
)

// action is one thing that a manager can ask for.
type action struct {
	name, synopsis string
	// classes of which the client needs one to write; none for anybody.
	classes []string
	run     func(*session, message, *answer)
}

func (a action) allowed(granted []string) bool {
	return len(a.classes) == 0 || slices.Contains(granted, "all") ||
		slices.ContainsFunc(a.classes, func(class string) bool { return slices.Contains(granted, class) })
}

// actionTable finds actions by their names in lower case.
func actionTable() map[string]action {
	system, agent, call := []string{"system"}, []string{"agent"}, []string{"call"}
	read := []string{"system", "reporting"}
	table := map[string]action{}
	for _, a := range []action{
		{"Challenge", "Generate Challenge for MD5 Auth.", nil, doChallenge},
		{"CoreSettings", "Show PBX core settings (version etc).", read, doCoreSettings},
		{"CoreShowChannels", "List currently active channels.", read, doCoreShowChannels},
		{"CoreStatus", "Show PBX core status variables.", read, doCoreStatus},
		{"DBDel", "Delete DB entry.", system, doDBDel},
		{"DBDelTree", "Delete DB Tree.", system, doDBDelTree},
		{"DBGet", "Get DB Entry.", read, doDBGet},
		{"DBGetTree", "Get DB entries, optionally at a particular family/key", read, doDBGetTree},
		{"DBPut", "Put DB entry.", system, doDBPut},
		{"Events", "Control Event Flow.", nil, doEvents},
		{"ExtensionState", "Check Extension Status.", []string{"call", "reporting"}, doExtensionState},
		{"GetConfig", "Retrieve configuration.", []string{"system", "config"}, doGetConfig},
		{"Getvar", "Gets a channel variable or function value.", []string{"call", "reporting"}, doGetvar},
		{"Hangup", "Hangup channel.", append(system, call...), doHangup},
		{"ListCommands", "List available manager commands.", nil, nil},
		{"Login", "Login Manager.", nil, doLogin},
		{"Logoff", "Logoff Manager.", nil, doLogoff},
		{"Originate", "Originate a call.", []string{"originate"}, doOriginate},
		{"Ping", "Keepalive command.", nil, doPing},
		{"PJSIPShowAors", "Lists PJSIP AORs.", system, doShowAors},
		{"PJSIPShowContacts", "Lists PJSIP Contacts.", system, doShowContacts},
		{"PJSIPShowEndpoint", "Detail listing of an endpoint and its objects.", system, doShowEndpoint},
		{"PJSIPShowEndpoints", "Lists PJSIP endpoints.", system, doShowEndpoints},
		{"QueueAdd", "Add interface to queue.", agent, doQueueAdd},
		{"QueuePause", "Makes a queue member temporarily unavailable.", agent, doQueuePause},
		{"QueuePenalty", "Set the penalty for a queue member.", agent, doQueuePenalty},
		{"QueueRemove", "Remove interface from queue.", agent, doQueueRemove},
		{"QueueStatus", "Show queue status.", nil, doQueueStatus},
		{"QueueSummary", "Show queue summary.", nil, doQueueSummary},
		{"Setvar", "Sets a channel variable or function value.", call, doSetvar},
		{"Status", "List channel status.", append(read, call...), doStatus},
	} {
		table[strings.ToLower(a.name)] = a
	}
	list := table["listcommands"]
	list.run = doListCommands
	table["listcommands"] = list
	return table
}

func doListCommands(c *session, _ message, out *answer) {
	var lines block
	for _, key := range slices.Sorted(maps.Keys(c.server.actions)) {
		a := c.server.actions[key]
		if !a.allowed(c.server.opts.Write) {
			continue
		}
		classes := "<none>"
		if len(a.classes) > 0 {
			classes = strings.Join(append(slices.Clone(a.classes), "all"), ",")
		}
		lines = append(lines, line(a.name, a.synopsis+" (Priv: "+classes+")"))
	}
	out.respond("Success", lines...)
}

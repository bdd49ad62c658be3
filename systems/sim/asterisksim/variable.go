package asterisksim

import "strings"

// customFamily is where Asterisk keeps the states of Custom devices, such as
// FreePBX's lamps.
const customFamily = "CustomDevstate"

// globalFamily holds the global variables in a store of their own.
const globalFamily = "global"

// deviceOf is the device in DEVICE_STATE(device), empty for any other variable.
func deviceOf(variable string) string {
	device, ok := strings.CutPrefix(variable, "DEVICE_STATE(")
	if !ok {
		return ""
	}
	return strings.TrimSuffix(device, ")")
}

// doSetvar sets a global variable, or the state of a Custom device. Variables of
// channels mean nothing in this world.
func doSetvar(c *session, m message, out *answer) {
	variable := m.get("Variable")
	switch {
	case variable == "":
		out.fail("No variable specified")
		return
	case m.get("Channel") != "":
		out.fail("No such channel")
		return
	}
	device := deviceOf(variable)
	if device == "" {
		c.server.variables.put(globalFamily, variable, m.get("Value"))
		out.ack("Variable Set")
		return
	}
	name, custom := strings.CutPrefix(device, "Custom:")
	if !custom {
		out.fail("Variable not set")
		return
	}
	c.server.database.put(customFamily, name, strings.ToUpper(m.get("Value")))
	out.ack("Variable Set")
}

func doGetvar(c *session, m message, out *answer) {
	variable := m.get("Variable")
	switch {
	case variable == "":
		out.fail("No variable specified")
		return
	case m.get("Channel") != "":
		out.fail("No such channel")
		return
	}
	value, _ := c.server.variables.get(globalFamily, variable)
	if device := deviceOf(variable); device != "" {
		value = c.server.deviceNamed(device)
	}
	out.respond("Success", line("Variable", variable), line("Value", value))
}

// deviceNamed is the state of a Custom device or of a phone.
func (s *Server) deviceNamed(device string) string {
	if name, custom := strings.CutPrefix(device, "Custom:"); custom {
		if state, ok := s.database.get(customFamily, name); ok {
			return state
		}
		return "UNKNOWN"
	}
	id := s.personAt(device)
	s.desk.mu.Lock()
	defer s.desk.mu.Unlock()
	return deviceWord(s.desk.deviceState(id))
}

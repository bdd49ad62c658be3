package config

import "time"

// Edge is the routing plane: who asks where calls go, over what, and how the
// answers name the two sides.
type Edge struct {
	// Name is what the edge is called where edges are listed; empty for the
	// machine's.
	Name  string    `mapstructure:"name"`
	SIP   EdgeSIP   `mapstructure:"sip"`
	HTTP  EdgeHTTP  `mapstructure:"http"`
	ENUM  EdgeENUM  `mapstructure:"enum"`
	CURRI EdgeCURRI `mapstructure:"curri"`
	// MaxConnections is how many connections each listener holds open; one address may
	// have half of them.
	MaxConnections int `mapstructure:"max_connections"`
	// RealTime has the edge run before all ordinary programs of its processors.
	RealTime bool `mapstructure:"real_time"`
	// Metrics is where Prometheus finds the figures; empty for nowhere.
	Metrics string `mapstructure:"metrics"`
	// TLS is the certificate of SIP over TLS, HTTP and CURRI. With a CA, whoever
	// asks needs a certificate of it as well.
	TLS TLS `mapstructure:"tls"`
	// Peers are the only ones who get answers.
	Peers []EdgePeer `mapstructure:"peers"`
	Old   EdgePlace  `mapstructure:"old"`
	New   EdgePlace  `mapstructure:"new"`
	// Trunks are the ways to emergency services, by name.
	Trunks map[string]EdgePlace `mapstructure:"trunks"`
	// Countries are those in which the company has phones.
	Countries []string `mapstructure:"countries"`
	// Locations are the places that can call for help.
	Locations map[string]EdgeLocation `mapstructure:"locations"`
	// Unplaced is where help is called from when the location is not known.
	Unplaced EdgeLocation `mapstructure:"unplaced"`
	// Journal is where decisions are kept for the call log: "database", "none", or
	// a file that they are appended to, one a line.
	Journal string `mapstructure:"journal"`
	// Sample is how many of a hundred decisions are kept.
	Sample int `mapstructure:"sample"`
}

// EdgeSIP are the addresses of the redirect server, host:port each; empty for none.
type EdgeSIP struct {
	UDP string `mapstructure:"udp"`
	TCP string `mapstructure:"tcp"`
	TLS string `mapstructure:"tls"`
	// Sockets is how many share the UDP port; 0 is one for each processor.
	Sockets int `mapstructure:"sockets"`
	// MaxPerSecond is how many calls a second are decided; 0 is no limit.
	MaxPerSecond int           `mapstructure:"max_per_second"`
	RetryAfter   time.Duration `mapstructure:"retry_after"`
}

// EdgeHTTP is the HTTP look-up.
type EdgeHTTP struct {
	Listen string `mapstructure:"listen"`
	TLS    bool   `mapstructure:"tls"`
	Token  Secret `mapstructure:"token"`
	// MaxPerSecond is how many look-ups a second are decided; 0 is no limit.
	MaxPerSecond int `mapstructure:"max_per_second"`
}

// EdgeENUM is the name server.
type EdgeENUM struct {
	Listen      string        `mapstructure:"listen"`
	Zone        string        `mapstructure:"zone"`
	NameServers []string      `mapstructure:"name_servers"`
	TTL         time.Duration `mapstructure:"ttl"`
	// MaxPerSecond is how many questions a second are decided; 0 is no limit.
	MaxPerSecond int `mapstructure:"max_per_second"`
}

// EdgeCURRI is the route server of a Cisco Unified CM.
type EdgeCURRI struct {
	Listen string `mapstructure:"listen"`
	TLS    bool   `mapstructure:"tls"`
	// Side is the one that the Unified CM is.
	Side string `mapstructure:"side"`
	// Divert is what it dials to reach the other side, from {number} or {digits}.
	Divert string `mapstructure:"divert"`
	// MaxPerSecond is how many calls a second are decided; 0 is no limit.
	MaxPerSecond int `mapstructure:"max_per_second"`
}

// EdgePeer is an SBC, or a network of them, and what is true of its calls.
type EdgePeer struct {
	Network  string `mapstructure:"network"`
	Ingress  string `mapstructure:"ingress"`
	Country  string `mapstructure:"country"`
	Location string `mapstructure:"location"`
}

// EdgePlace is how the SBC reaches a platform.
type EdgePlace struct {
	Host      string `mapstructure:"host"`
	Port      int    `mapstructure:"port"`
	Transport string `mapstructure:"transport"`
	// User makes the user part, from {number} or {digits}.
	User    string            `mapstructure:"user"`
	Headers map[string]string `mapstructure:"headers"`
}

// EdgeLocation is a place that can call for help.
type EdgeLocation struct {
	Country string `mapstructure:"country"`
	Side    string `mapstructure:"side"`
	Trunk   string `mapstructure:"trunk"`
}

// Set reports whether the settings name an edge at all.
func (e *Edge) Set() bool {
	return e.SIP.UDP != "" || e.SIP.TCP != "" || e.SIP.TLS != "" || e.HTTP.Listen != "" || e.ENUM.Listen != "" || e.CURRI.Listen != ""
}

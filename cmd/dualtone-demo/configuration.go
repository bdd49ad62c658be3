package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/dualtone/dualtone/devstack"
	"github.com/dualtone/dualtone/systems/sim/connectsim"
)

// awsSecret is the example key of the vendor's own documents, which the
// simulator knows.
const awsSecret = connectsim.DefaultSecret

// evidenceKey is the file, among the secrets, with the key that signs packs.
const evidenceKey = "evidence.pem"

// partialSuccess is dualtone's exit code when not everybody arrived.
const partialSuccess = 7

func exitCode(err error) int {
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode()
	}
	return 0
}

// writeSecrets puts each secret into a file of its own and returns the folder:
// the configuration only refers to them.
func writeSecrets(dir string, stack *devstack.Stack) (string, error) {
	folder, err := filepath.Abs(filepath.Join(dir, "secrets"))
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", err
	}
	for name, secret := range map[string]string{
		"database": stack.DatabaseURL, "password": demoPassword, "aws": awsSecret,
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(secret+"\n"), 0o600); err != nil {
			return "", err
		}
	}
	return folder, nil
}

// configuration is the dualtone.yaml of the sample company.
func configuration(up map[string]ready, stack *devstack.Stack, secrets, records string, b *border) string {
	pbx, cloud, org := up["asterisk"], up["connect"], up["salesforce"]
	host, port, _ := net.SplitHostPort(pbx.Address)
	var queues strings.Builder
	for _, name := range queueNames() {
		fmt.Fprintf(&queues, "    %s: %s\n", name, cloud.Queues[name])
	}
	return fmt.Sprintf(`# The sample company of the demo.
database:
  url: file:%s/database
temporal:
  address: %s
  namespace: %s
systems:
  pbx:
    kind: asterisk
    simulator: true
    host: %s
    port: %s
    username: %s
    secret: file:%s/password
    records: {file: %s}
  cloud:
    kind: amazonconnect
    simulator: true
    endpoint: %s
    region: %s
    instance_id: %s
    access_key_id: %s
    secret_access_key: file:%s/aws
    parked_security_profile: %s
  crm:
    kind: salesforce
    simulator: true
    my_domain: %s
    consumer_key: %s
    consumer_secret: file:%s/password
    organization: %s
    sandbox: true
    permission_sets: [%s]
    permission_set_licenses: {%s: CloudPhonePsl}
migration:
  old: pbx
  new: cloud
  crm: crm
  call_centers: {old: %s, new: %s}
  permission_sets: [%s]
  licenses: [%s]
  queues:
%s  reach: "%s{extension}"
  drain: {wait: 12s, poll: 300ms}
  patience: 10s
  sign_in: 8s
  region: US
calls:
  systems:
    pbx: {country: US, people: '1\d{3}'}
cohort:
  window: 8
evidence:
  key: file:%s/%s
`, secrets, stack.TemporalAddress, stack.Namespace, host, port, managerName, secrets, records,
		cloud.Address, connectRegion, cloud.Instance, connectsim.DefaultKey, secrets, connectsim.Parked,
		org.Address, consumerKey, secrets, org.Org, org.Grant, org.Grant, org.CallCenters[0], org.CallCenters[1],
		org.Grant, connectsim.AgentRights, queues.String(), reachPrefix, secrets, evidenceKey) + b.configuration()
}

// configuration is the part of the edge, if there is a real SBC to ask it.
func (b *border) configuration() string {
	if b == nil {
		return ""
	}
	return fmt.Sprintf(`edge:
  journal: none   # calls that are made for the SBC alone stand in no system's records
  sip: {udp: "%s"}
  peers: [{network: 127.0.0.1, ingress: carrier, country: US}]
  old: {host: %s, port: %d, headers: {X-Route-Version: "{revision}"}}
  new: {host: %s, port: %d, headers: {X-Route-Version: "{revision}"}}
  countries: [US]
`, b.at.edge, b.at.old.Addr(), b.at.old.Port(), b.at.next.Addr(), b.at.next.Port())
}

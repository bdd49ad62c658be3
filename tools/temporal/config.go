package main

import (
	"net"
	"strconv"
	"time"

	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/dynamicconfig"
	"go.temporal.io/server/common/membership/static"
	"go.temporal.io/server/common/primitives"
)

const (
	loopback    = "127.0.0.1"
	clusterName = "active"
	plugin      = "postgres12_pgx"
	disabled    = "disabled"
)

func address(port int) string { return net.JoinHostPort(loopback, strconv.Itoa(port)) }

func ports(s settings) map[primitives.ServiceName]int {
	return map[primitives.ServiceName]int{
		primitives.FrontendService: s.frontendPort,
		primitives.HistoryService:  s.historyPort,
		primitives.MatchingService: s.matchingPort,
		primitives.WorkerService:   s.workerPort,
	}
}

// hosts names every service's only host. Without a membership protocol there
// is nobody to wait for: a server that was killed is replaced at once.
func hosts(s settings) map[primitives.ServiceName]static.Hosts {
	all := map[primitives.ServiceName]static.Hosts{}
	for name, port := range ports(s) {
		all[name] = static.SingleLocalHost(address(port))
	}
	return all
}

func serverConfig(base config.SQL, s settings) *config.Config {
	main, visibility := base, base
	main.DatabaseName, visibility.DatabaseName = s.database, s.visibilityDatabase
	services := map[string]config.Service{}
	for name, port := range ports(s) {
		services[string(name)] = config.Service{RPC: config.RPC{GRPCPort: port, BindOnIP: loopback}}
	}
	return &config.Config{
		Global: config.Global{Membership: config.Membership{MaxJoinDuration: 10 * time.Second}},
		Persistence: config.Persistence{
			DefaultStore:     "main",
			VisibilityStore:  "visibility",
			NumHistoryShards: int32(s.shards),
			DataStores: map[string]config.DataStore{
				"main":       {SQL: &main},
				"visibility": {SQL: &visibility},
			},
		},
		ClusterMetadata: &cluster.Config{
			FailoverVersionIncrement: 10,
			MasterClusterName:        clusterName,
			CurrentClusterName:       clusterName,
			ClusterInformation: map[string]cluster.ClusterInformation{
				clusterName: {Enabled: true, InitialFailoverVersion: 1, RPCAddress: address(s.frontendPort)},
			},
		},
		DCRedirectionPolicy: config.DCRedirectionPolicy{Policy: "noop"},
		Services:            services,
		Archival: config.Archival{
			History:    config.HistoryArchival{State: disabled},
			Visibility: config.VisibilityArchival{State: disabled},
		},
		NamespaceDefaults: config.NamespaceDefaults{Archival: config.ArchivalNamespaceDefaults{
			History:    config.HistoryArchivalNamespaceDefaults{State: disabled},
			Visibility: config.VisibilityArchivalNamespaceDefaults{State: disabled},
		}},
		PublicClient: config.PublicClient{HostPort: address(s.frontendPort)},
	}
}

// dynamicConfig holds what differs from the server's defaults, which are
// meant for many machines with many tenants.
func dynamicConfig() dynamicconfig.StaticClient {
	return dynamicconfig.StaticClient{
		// Several plans share a system's task queue; fairness keys keep a small one from waiting for a big one.
		dynamicconfig.MatchingEnableFairness.Key(): true,
		// A rate limit of a task queue is divided among its partitions. With one, the limit is exact.
		dynamicconfig.MatchingNumTaskqueueReadPartitions.Key():  1,
		dynamicconfig.MatchingNumTaskqueueWritePartitions.Key(): 1,
		// A search attribute counts from the moment it is added.
		dynamicconfig.ForceSearchAttributesCacheRefreshOnRead.Key(): true,
		// There is one tenant, and the machine itself is the limit.
		dynamicconfig.FrontendRPS.Key():                                         20_000,
		dynamicconfig.FrontendMaxNamespaceRPSPerInstance.Key():                  20_000,
		dynamicconfig.FrontendMaxNamespaceVisibilityRPSPerInstance.Key():        200,
		dynamicconfig.FrontendMaxConcurrentLongRunningRequestsPerInstance.Key(): 5_000,
		dynamicconfig.FrontendPersistenceMaxQPS.Key():                           20_000,
		dynamicconfig.HistoryRPS.Key():                                          20_000,
		dynamicconfig.HistoryPersistenceMaxQPS.Key():                            50_000,
		dynamicconfig.MatchingRPS.Key():                                         20_000,
		dynamicconfig.MatchingPersistenceMaxQPS.Key():                           20_000,
	}
}

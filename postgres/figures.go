package postgres

import (
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
)

// PoolFigures are how a pool of connections does, for Prometheus.
func PoolFigures(pool *pgxpool.Pool) []prometheus.Collector {
	gauge := func(name, help string, of func(*pgxpool.Stat) float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 { return of(pool.Stat()) })
	}
	counter := func(name, help string, of func(*pgxpool.Stat) float64) prometheus.Collector {
		return prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, func() float64 { return of(pool.Stat()) })
	}
	return []prometheus.Collector{
		gauge("dualtone_postgres_connections_max", "Connections that the pool may open.", func(s *pgxpool.Stat) float64 { return float64(s.MaxConns()) }),
		gauge("dualtone_postgres_connections_used", "Connections that work.", func(s *pgxpool.Stat) float64 { return float64(s.AcquiredConns()) }),
		gauge("dualtone_postgres_connections_idle", "Connections that wait for work.", func(s *pgxpool.Stat) float64 { return float64(s.IdleConns()) }),
		counter("dualtone_postgres_waits_total", "How often work waited for a connection.", func(s *pgxpool.Stat) float64 { return float64(s.EmptyAcquireCount()) }),
		counter("dualtone_postgres_wait_seconds_total", "How long work waited for connections.", func(s *pgxpool.Stat) float64 { return s.EmptyAcquireWaitTime().Seconds() }),
		counter("dualtone_postgres_canceled_waits_total", "How often work gave up waiting.", func(s *pgxpool.Stat) float64 { return float64(s.CanceledAcquireCount()) }),
	}
}

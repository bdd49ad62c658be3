package cost

// DelayAtOnce computes a delay with everybody counted anew for each of its days.
func (e *Engine) DelayAtOnce(q Question, most int) (Delay, error) { return e.delay(q, most, 0) }

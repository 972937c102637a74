"""The terminal explorer of etcd clusters, and what it shares with the notebook: `model` knows neither of the two."""

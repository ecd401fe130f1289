"""The services of docker-compose.yml as local processes, and what is asked of them."""

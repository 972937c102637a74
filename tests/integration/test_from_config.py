"""A client made from a configuration file reaches the cluster that the file describes."""

from pathlib import Path

from etcdobs import AsyncClient, Client
from etcdobs.testing import Etcd, etcd


def test_a_plain_cluster(etcd_server: Etcd, tmp_path: Path, prefix: str) -> None:
    path = tmp_path / "cluster.yaml"
    path.write_text(f"endpoints: ['{etcd_server.endpoint}']\ninsecure-transport: true\ndial-timeout: 5s\n")
    with Client.from_config(path) as client:
        client.put(prefix, "v")
    with Client.from_config(str(path), namespace=prefix) as client:
        assert client.count("x") == 0


async def test_mutual_tls_and_a_user(tmp_path: Path) -> None:
    with etcd(tls="mutual", root_password="secret") as server:
        served = server.certificates
        path = tmp_path / "cluster.yaml"
        path.write_text(
            f"endpoints: ['127.0.0.1:{server.port}']\nusername: root\npassword: secret\n"
            f"trusted-ca-file: {served.ca}\ncert-file: {served.client_cert}\nkey-file: {served.client_key}\n"
        )
        async with AsyncClient.from_config(path) as client:
            await client.put("k", "v")
            assert (await client.health()).ok

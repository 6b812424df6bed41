"""`python -m … FOLDER`: runs of W&B's own, some of them online, with a server that says yes to all.

That server is in this process. In FOLDER are `online/wandb`, `offline/wandb` and the same as it is after
`wandb sync`, `synced/wandb`; in `runs.jsonl` what W&B's own API says of the runs.
"""

import json
import os
import shutil
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

EPOCHS = 3


class Yes(BaseHTTPRequestHandler):
    def do_POST(self):
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        answer = self.answer(json.loads(sent)) if self.path == "/graphql" else {}
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_PUT(self):
        self.do_POST()

    def answer(self, asked):
        told = asked.get("variables") or {}
        if "upsertBucket" in asked["query"]:
            project = {"id": "p", "name": "p", "entity": {"id": "e", "name": "e"}}
            bucket = {"id": told["name"], "name": told["name"], "project": project}
            return {"data": {"upsertBucket": {"bucket": bucket, "inserted": True}}}
        if "createRunFiles" in asked["query"]:
            files = [
                {"name": name, "uploadUrl": f"http://{self.headers['Host']}/file"}
                for name in told["files"]
            ]
            made = {"runID": told["run"], "uploadHeaders": [], "files": files}
            return {"data": {"createRunFiles": made}}
        return {"data": {}}

    def log_message(self, *_):
        pass


def train(mode, folder, lr, width, fail=False):
    """What W&B says of a training that it followed."""
    import wandb

    optimizer = {"name": "adam", "lr": lr, "betas": [0.9, 0.999]}
    config = {"optimizer": optimizer, "width": width, "seed": 0}
    with wandb.init(project="p", entity="e", dir=folder, mode=mode, config=config) as run:
        for epoch in range(1 if fail else EPOCHS):
            loss = float("nan") if width == 16 else 1 / (epoch + 1)
            values = {"val": {"acc": 0.5 + lr + width / 100 + epoch / 10}, "loss": loss}
            run.log({"epoch": epoch, "words": f"at {epoch}", **values})
        summary = {n: dict(v) if n == "val" else v for n, v in dict(run.summary).items()}
        if fail:
            run.finish(exit_code=1)
        return {
            "config": dict(run.config),
            "summary": summary,
            "name": Path(run.dir).parent.name,
            "state": "failed" if fail else "finished",
        }


def main(folder):
    from wandb.cli.cli import cli

    for name in ("online", "offline"):
        (folder / name).mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Yes)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    os.environ["WANDB_BASE_URL"] = f"http://127.0.0.1:{server.server_port}"
    cells = [(lr, width) for lr in (1e-5, 0.01) for width in (8, 16)]
    runs = [train("online", folder / "online", *cell) for cell in cells]
    runs.append(train("online", folder / "online", 0.01, 8, fail=True))
    runs += [train("offline", folder / "offline", 0.01, width) for width in (8, 16)]
    lines = "".join(json.dumps(run) + "\n" for run in runs)
    (folder / "runs.jsonl").write_text(lines, encoding="utf-8")
    shutil.copytree(folder / "offline", folder / "synced", symlinks=True)
    cli(["sync", str(folder / "synced" / "wandb")], standalone_mode=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

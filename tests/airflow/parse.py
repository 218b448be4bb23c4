"""DAG files -> what Airflow finds wrong in them, and the times it takes to read them.

    AIRFLOW_PYTHON parse.py FILE...

A line of JSON for each file: as the dag processor does it, parsed and serialized.
"""

import contextlib
import json
import os
import sys
import tempfile
import time


def main(files: list[str]) -> None:
    os.environ["AIRFLOW_HOME"] = tempfile.mkdtemp(prefix="wfc-airflow-")
    os.environ["AIRFLOW__LOGGING__LOGGING_LEVEL"] = "ERROR"
    os.environ["AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT"] = "600"
    with contextlib.redirect_stdout(sys.stderr):
        from airflow.dag_processing.dagbag import DagBag
        from airflow.serialization.serialized_objects import DagSerialization
    for file in files:
        with contextlib.redirect_stdout(sys.stderr):
            begun = time.perf_counter()
            bag = DagBag(dag_folder=file, bundle_path=os.path.dirname(file))
            parsed = time.perf_counter()
            forms = [DagSerialization.to_dict(dag) for dag in bag.dags.values()]
            done = time.perf_counter()
            again = DagBag(dag_folder=file, bundle_path=os.path.dirname(file))
        problem = "\n".join(bag.import_errors.values())
        if not problem and len(forms) != 1:
            problem = f"{len(forms)} DAGs"
        # A DAG that is another one whenever it is read gets a new version each time.
        if [DagSerialization.to_dict(dag) for dag in again.dags.values()] != forms:
            problem = problem or "not the same when it is read again"
        form = {"file": file, "problem": problem}
        times = {"parsed": parsed - begun, "serialized": done - parsed}
        print(
            json.dumps({**form, **times, "bytes": len(json.dumps(forms))}), flush=True
        )


if __name__ == "__main__":
    main(sys.argv[1:])

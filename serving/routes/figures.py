"""`/metrics`: for Prometheus, by the operator's token or by the scrape token of the secrets folder."""

import hmac

from fastapi import APIRouter, Request, Response

from mediflow_assets.contracts.served import MODELS
from serving.access import allowed
from serving.problems import PROBLEMS
from serving.state import state_of

router = APIRouter(tags=["health"], responses=PROBLEMS)
_operator = allowed("operator")


@router.get(
    "/metrics",
    response_class=Response,
    summary="Figures for Prometheus",
    responses={
        200: {
            "content": {
                "text/plain": {
                    "schema": {"type": "string"},
                    "example": 'mediflow_champion{model="treatment-cost",version="3"} 1.0',
                }
            }
        }
    },
)
async def metrics(request: Request) -> Response:
    """Requests, times, champions, in Prometheus' text format: for the role operator, or by the scrape token."""
    state = state_of(request)
    given = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
    if not hmac.compare_digest(given.encode(), state.scrape_token.encode()):
        await _operator(request)
    bundles = {name: state.champions.get(name) for name in MODELS}
    answering = {name: bundle.version for name, bundle in bundles.items() if bundle}
    return Response(state.metrics.page(answering, state.remembered.dropped), media_type="text/plain; version=0.0.4")

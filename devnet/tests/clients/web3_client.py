"""web3.py: deploys, calls, sends, filters, subscribes and traces. Usage: python3 web3_client.py URL ARTIFACT"""

import asyncio
import json
import sys

from eth_account import Account
from web3 import AsyncWeb3, HTTPProvider, Web3, WebSocketProvider
from web3.exceptions import ContractCustomError, Web3RPCError

url, artifact_path = sys.argv[1:]
with open(artifact_path) as file:
    artifact = json.load(file)
web3 = Web3(HTTPProvider(url))
Account.enable_unaudited_hdwallet_features()
phrase = "test test test test test test test test test test test junk"
account = Account.from_mnemonic(phrase, account_path="m/44'/60'/0'/0/2")
claimer = "0x00000000000000000000000000000000000000A3"


def send(call):
    """Fills in, signs and sends; returns the receipt."""
    transaction = call.build_transaction({"from": account.address, "nonce": web3.eth.get_transaction_count(account.address)})
    signed = account.sign_transaction(transaction)
    return web3.eth.wait_for_transaction_receipt(web3.eth.send_raw_transaction(signed.raw_transaction), poll_latency=0.01)


factory = web3.eth.contract(abi=artifact["abi"], bytecode=artifact["bytecode"]["object"])
address = send(factory.constructor((3600, 3600, 600, 32, 50000)))["contractAddress"]
channels = web3.eth.contract(address=address, abi=artifact["abi"])
print("deployed")

assert int(channels.functions.claimerOf(account.address).call(), 16) == 0
assert channels.functions.parameters().call()[3] == 32
print("called")

receipt = send(channels.functions.setClaimer(claimer))
assert receipt["status"] == 1
assert channels.functions.claimerOf(account.address).call() == claimer
assert web3.eth.get_block(receipt["blockNumber"])["transactions"] == [receipt["transactionHash"]]
print("sent")

(found,) = channels.events.ClaimerSet.get_logs(from_block=0)
assert found["args"]["claimer"] == claimer
installed = channels.events.ClaimerSet.create_filter(from_block="latest")
again = send(channels.functions.setClaimer(claimer))
assert [entry["transactionHash"] for entry in installed.get_new_entries()] == [again["transactionHash"]]
assert len(installed.get_all_entries()) == 1
print("filtered")


async def subscribe():
    async with AsyncWeb3(WebSocketProvider(url.replace("http", "ws"))) as listener:
        heads = await listener.eth.subscribe("newHeads")
        logs = await listener.eth.subscribe("logs", {"address": address})
        sent = await asyncio.to_thread(send, channels.functions.setClaimer(account.address))
        heard = {}
        async for message in listener.socket.process_subscriptions():
            heard[message["subscription"]] = message["result"]
            if len(heard) == 2:
                break
        assert heard[heads]["number"] == sent["blockNumber"]
        assert heard[logs]["transactionHash"] == sent["transactionHash"]
        await listener.eth.unsubscribe(heads)


asyncio.run(asyncio.wait_for(subscribe(), 30))
print("subscribed")

trace = web3.provider.make_request("debug_traceTransaction", [receipt["transactionHash"].to_0x_hex(), {"tracer": "prestateTracer"}])
assert address.lower() in trace["result"]
block = web3.provider.make_request("debug_traceBlockByNumber", [hex(receipt["blockNumber"]), {"tracer": "callTracer"}])
assert block["result"][0]["result"]["to"] == address.lower()
print("traced")

try:
    channels.functions.closeAsPayee(claimer, 0).call()
    raise AssertionError("there is no such channel to close")
except ContractCustomError as error:
    assert error.data.startswith(Web3.keccak(text="ChannelNotOpen(bytes32)")[:4].to_0x_hex())
try:
    web3.eth.send_raw_transaction("0x02")
    raise AssertionError("this is no transaction")
except Web3RPCError as error:
    assert error.rpc_response["error"]["code"] == -32000
print("refused")

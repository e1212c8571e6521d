// ethers 6: deploys, calls, sends, filters, subscribes and traces. Usage: node ethers_client.mjs URL ARTIFACT
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { ContractFactory, HDNodeWallet, JsonRpcProvider, NonceManager, WebSocketProvider } from "ethers";

const [url, artifactPath] = process.argv.slice(2);
const { abi, bytecode: { object: bytecode } } = JSON.parse(readFileSync(artifactPath));
const provider = new JsonRpcProvider(url, undefined, { cacheTimeout: -1 });
const wallet = HDNodeWallet.fromPhrase("test test test test test test test test test test test junk").connect(provider);
const signer = new NonceManager(wallet);
const claimer = "0x00000000000000000000000000000000000000A1";

const factory = new ContractFactory(abi, bytecode, signer);
const channels = await factory.deploy([3600, 3600, 600, 32, 50000]);
await channels.waitForDeployment();
console.log("deployed");

assert.equal(await channels.claimerOf(wallet.address), "0x0000000000000000000000000000000000000000");
assert.equal((await channels.parameters()).maximumBatch, 32n);
console.log("called");

const response = await channels.setClaimer(claimer);
const receipt = await response.wait();
assert.equal(receipt.status, 1);
assert.equal(await channels.claimerOf(wallet.address), claimer);
assert.equal((await provider.getBlock(receipt.blockNumber, true)).prefetchedTransactions[0].hash, response.hash);
console.log("sent");

const [found] = await channels.queryFilter(channels.filters.ClaimerSet(wallet.address), 0);
assert.equal(found.args.claimer, claimer);
assert.equal(found.transactionHash, response.hash);
const filter = await provider.send("eth_newFilter", [{ address: await channels.getAddress() }]);
await (await channels.setClaimer(wallet.address)).wait();
assert.equal((await provider.send("eth_getFilterChanges", [filter])).length, 1);
console.log("filtered");

const socket = new WebSocketProvider(url.replace("http", "ws"));
const told = channels.connect(socket);
const heard = new Promise((resolve) => told.once("ClaimerSet", (payee, now) => resolve([payee, now])));
const block = new Promise((resolve) => socket.once("block", resolve));
await socket.send("eth_chainId", []); // The subscriptions were asked for before.
await (await channels.setClaimer(claimer)).wait();
assert.deepEqual(await heard, [wallet.address, claimer]);
assert.ok((await block) > 0);
await socket.send("eth_chainId", []); // The subscriptions were ended before.
const closed = once(socket.websocket, "close");
await socket.destroy();
await closed;
console.log("subscribed");

const trace = await provider.send("debug_traceTransaction", [response.hash, { tracer: "callTracer" }]);
assert.equal(trace.to, (await channels.getAddress()).toLowerCase());
assert.equal(trace.input, response.data);
console.log("traced");

// A custom error comes back with its data, and ethers knows it by the ABI.
await assert.rejects(channels.closeAsPayee.staticCall(claimer, 0), (error) => {
  assert.equal(error.code, "CALL_EXCEPTION");
  assert.equal(error.revert.name, "ChannelNotOpen");
  return true;
});
await assert.rejects(
  new ContractFactory(abi, bytecode, wallet).deploy([3600, 3600, 600, 32, 50000], { nonce: 0 }),
  { code: "NONCE_EXPIRED" },
);
console.log("refused");
provider.destroy();

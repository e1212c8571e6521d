// viem: deploys, calls, sends, filters, subscribes and traces. Usage: node viem_client.mjs URL ARTIFACT
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { ContractFunctionRevertedError, createPublicClient, createTestClient, createWalletClient, http, parseEther, webSocket } from "viem";
import { mnemonicToAccount } from "viem/accounts";
import { anvil } from "viem/chains";

const [url, artifactPath] = process.argv.slice(2);
const { abi, bytecode: { object: bytecode } } = JSON.parse(readFileSync(artifactPath));
const account = mnemonicToAccount("test test test test test test test test test test test junk", { addressIndex: 1 });
const options = { chain: anvil, pollingInterval: 20, cacheTime: 0 };
const reader = createPublicClient({ ...options, transport: http(url) });
const writer = createWalletClient({ ...options, account, transport: http(url) });
const bender = createTestClient({ ...options, mode: "anvil", transport: http(url) });
const claimer = "0x00000000000000000000000000000000000000A2";

const args = [{ thawPeriod: 3600, withdrawalPeriod: 3600, anchoringDelay: 600, maximumBatch: 32, walletGas: 50000 }];
const deployment = await writer.deployContract({ abi, bytecode, args });
const { contractAddress: address } = await reader.waitForTransactionReceipt({ hash: deployment });
console.log("deployed");

const read = (functionName, args = []) => reader.readContract({ address, abi, functionName, args });
assert.equal(await read("claimerOf", [account.address]), "0x0000000000000000000000000000000000000000");
assert.equal((await read("parameters")).maximumBatch, 32);
console.log("called");

const { request } = await reader.simulateContract({ account, address, abi, functionName: "setClaimer", args: [claimer] });
const hash = await writer.writeContract(request);
const receipt = await reader.waitForTransactionReceipt({ hash });
assert.equal(receipt.status, "success");
assert.equal(await read("claimerOf", [account.address]), claimer);
console.log("sent");

const [found] = await reader.getContractEvents({ address, abi, eventName: "ClaimerSet", fromBlock: 0n });
assert.equal(found.args.claimer, claimer);
const filter = await reader.createContractEventFilter({ address, abi, eventName: "ClaimerSet" });
const again = await writer.writeContract(request);
await reader.waitForTransactionReceipt({ hash: again });
assert.equal((await reader.getFilterChanges({ filter }))[0].transactionHash, again);
assert.equal(await reader.uninstallFilter({ filter }), true);
console.log("filtered");

const listener = createPublicClient({ ...options, transport: webSocket(url.replace("http", "ws")) });
const socket = await listener.transport.getRpcClient();
const heads = [];
let tellHead;
const head = new Promise((resolve) => (tellHead = resolve));
await listener.transport.subscribe({
  params: ["newHeads"],
  onData: (data) => {
    heads.push(data.result.number);
    tellHead();
  },
});
let tellLog;
const log = new Promise((resolve) => (tellLog = resolve));
await listener.transport.subscribe({ params: ["logs", { address }], onData: (data) => tellLog(data.result) });
const last = await writer.writeContract(request);
assert.equal((await log).transactionHash, last);
await head;
assert.equal(heads.length, 1);
socket.close();
console.log("subscribed");

const trace = await reader.request({ method: "debug_traceTransaction", params: [hash, { tracer: "callTracer", tracerConfig: { withLog: true } }] });
assert.equal(trace.logs.length, 1);
assert.equal(trace.from, account.address.toLowerCase());
console.log("traced");

await assert.rejects(
  reader.simulateContract({ account, address, abi, functionName: "closeAsPayee", args: [claimer, 0n] }),
  (error) => error.walk((cause) => cause instanceof ContractFunctionRevertedError).data.errorName === "ChannelNotOpen",
);
console.log("refused");

const stranger = "0x00000000000000000000000000000000000000B2";
await bender.setBalance({ address: stranger, value: parseEther("1") });
await bender.impersonateAccount({ address: stranger });
const impersonated = await createWalletClient({ ...options, account: stranger, transport: http(url) }).sendTransaction({ to: claimer, value: 1n });
assert.equal((await reader.waitForTransactionReceipt({ hash: impersonated })).from, stranger.toLowerCase());
const snapshot = await bender.snapshot();
await bender.increaseTime({ seconds: 1000 });
await bender.mine({ blocks: 2 });
await bender.revert({ id: snapshot });
assert.equal(await reader.getBalance({ address: claimer }), 1n);
console.log("bent");

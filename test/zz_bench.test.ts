import { test } from "vitest";
import * as c from "@polyad/core";
const time = (name: string, f: () => unknown, bytes: number) => { f(); f(); const reps=7; let best=1e9; for(let i=0;i<reps;i++){const t=performance.now(); f(); best=Math.min(best,performance.now()-t);} console.log(name.padEnd(34), best.toFixed(2).padStart(8)+" ms", (bytes/best/1e6).toFixed(2)+" GB/s"); };
const n=1<<22;
test("b",()=>{
 for (const D of [Float64Array, Float32Array] as const) {
  const d=new D(n).map((_,i)=>Math.sin(i)); const x=c.tensor(d); const m=c.reshape(x,[2048,2048]); const B=d.byteLength; const nm=D.name;
  const raw=new D(n); time(nm+" raw copy",()=>raw.set(d),2*B);
  time(nm+" sum all",()=>c.sum(x),B); time(nm+" sum axis0",()=>c.sum(m,{axis:0}),B); time(nm+" sum axis1",()=>c.sum(m,{axis:1}),B);
  time(nm+" sum [n,8] axis1",()=>c.sum(c.reshape(x,[-1,8]),{axis:1}),B);
  time(nm+" sum [n,8] axis0",()=>c.sum(c.reshape(x,[-1,8]),{axis:0}),B);
  time(nm+" max all",()=>c.max(x),B); time(nm+" max axis0",()=>c.max(m,{axis:0}),B); time(nm+" max axis1",()=>c.max(m,{axis:1}),B);
  time(nm+" argmax axis1",()=>c.argmax(m,{axis:1}),B); time(nm+" argmax axis0",()=>c.argmax(m,{axis:0}),B);
  time(nm+" prod all",()=>c.prod(x),B); time(nm+" prod axis0",()=>c.prod(m,{axis:0}),B);
  time(nm+" cumsum axis1",()=>c.cumsum(m,{axis:1}),2*B);time(nm+" cumsum axis0",()=>c.cumsum(m,{axis:0}),2*B);
  time(nm+" transpose 2d",()=>c.transpose(m),2*B);
  const t4=c.reshape(x,[16,64,64,64]); time(nm+" NCHW->NHWC",()=>c.transpose(t4,[0,2,3,1]),2*B); time(nm+" [3,2,1,0]",()=>c.transpose(t4,[3,2,1,0]),2*B); time(nm+" [0,2,1,3]",()=>c.transpose(t4,[0,2,1,3]),2*B); time(nm+" [0,3,2,1]",()=>c.transpose(t4,[0,3,2,1]),2*B);
  time(nm+" slice step2",()=>c.slice(m,null,[null,null,2]),B); time(nm+" flip",()=>c.flip(m,{axis:1}),2*B);time(nm+" slice [n,3] of [n,8]",()=>c.slice(c.reshape(x,[-1,8]),null,[2,5]),B*3/4);
  time(nm+" concat axis1 narrow",()=>{const y=c.reshape(x,[-1,4]);return c.concat([y,y],{axis:1})},4*B);
  const idx=c.tensor(new Int32Array(n).map((_,i)=>(i*7919)%n)); time(nm+" gather",()=>c.gather(x,idx),2*B); time(nm+" scatterAdd",()=>c.scatterAdd(x,idx,x),3*B);
  const rows=c.reshape(x,[-1,16]); const ri=c.tensor(new Int32Array(n/16).map((_,i)=>(i*7919)%(n/16))); time(nm+" gather rows16",()=>c.gather(rows,ri),2*B); time(nm+" scatterAdd rows16",()=>c.scatterAdd(rows,ri,rows),3*B);
  time(nm+" topK 5 axis1",()=>c.topK(m,5),B);
  time(nm+" cast",()=>c.cast(x,D===Float64Array?"float32":"float64"),1.5*B);
  time(nm+" unslice step2",()=>{const y=c.reshape(x,[2048,2048]);return (c as any).unslice(y,[2048,4096],[{start:0,step:1},{start:0,step:2}])},3*B);
 }
}, 200000);

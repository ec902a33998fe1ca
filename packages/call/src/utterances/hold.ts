/** Whether what was cut off is taken up again. */
export interface Hold<Follower> {
  readonly verdict: Promise<boolean>;
  readonly decided: boolean;
  /** What waits to be said and is not said when it is over. */
  readonly followers: readonly Follower[];
  /** The first decision counts. @param goesOn told whether there was anything to say. */
  decide(resume: boolean, goesOn?: (saidMore: boolean) => void): void;
  goesOn: (saidMore: boolean) => void;
}

export function newHold<Follower>(followers: readonly Follower[]): Hold<Follower> {
  let decided = false;
  let resolve = (_resume: boolean): void => {};
  const verdict = new Promise<boolean>((done) => {
    resolve = done;
  });
  const hold: Hold<Follower> = {
    verdict,
    followers,
    get decided() {
      return decided;
    },
    goesOn: () => {},
    decide(resume, goesOn) {
      if (decided) return;
      decided = true;
      if (goesOn) hold.goesOn = goesOn;
      resolve(resume);
    },
  };
  return hold;
}
